// Everything that Sealwatch needs in Azure, in the resource group of the workspace:
//   az deployment group create -g GROUP -f main.bicep -p workspaceName=WORKSPACE principalId=OBJECT_ID
// The modules are the templates beside this file, so that there is one text of each.

@description('Log Analytics workspace that Microsoft Sentinel is on, in this resource group.')
param workspaceName string
@description('Object id of the service principal or managed identity that Sealwatch sends as.')
param principalId string
@description('Name of the data collection rule.')
param ruleName string = 'sealwatch'
@description('asim or custom, as the destination has it.')
param table string = 'asim'
@description('Table for alerts where table is custom.')
param alertsTable string = 'Sealwatch_Alerts_CL'
@description('Region of the workspace.')
param location string = resourceGroup().location

module infrastructure 'azuredeploy.json' = {
  name: 'sealwatch-infrastructure'
  params: {
    workspaceName: workspaceName
    principalId: principalId
    ruleName: ruleName
    alertsTable: alertsTable
    location: location
  }
}

module content 'content.json' = {
  name: 'sealwatch-content'
  dependsOn: [
    infrastructure
  ]
  params: {
    workspaceName: workspaceName
    table: table
    alertsTable: alertsTable
    location: location
  }
}

output endpoint string = infrastructure.outputs.endpoint
output ruleId string = infrastructure.outputs.ruleId
