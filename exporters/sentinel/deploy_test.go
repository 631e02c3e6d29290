package sentinel_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/exporters/sentinel"
)

const deploy = root + "/deploy/sentinel/"

// object is a part of a template.
type object = map[string]any

const role = "3913510d-42f4-4e42-8a64-420c390055eb" // Monitoring Metrics Publisher, the same in every tenant

// tables of our own, by the output of their stream, with the parameter that names them.
var tables = map[string]string{"Custom-Sealwatch_Alerts_CL": "alertsTable", "Custom-Sealwatch_Heartbeat_CL": ""}

// output is the stream of the table behind a stream, as an expression of the template where its name is a parameter.
func output(s *sentinel.Stream) string {
	if p := tables[s.Output]; p != "" {
		return "[concat('Custom-', parameters('" + p + "'))]"
	}
	return s.Output
}

func transform(s *sentinel.Stream) string {
	if len(s.Unstored) == 0 {
		return "source"
	}
	return "source | project-away " + strings.Join(s.Unstored, ", ")
}

// infrastructure is azuredeploy.json: tables, rule and role.
func infrastructure() object {
	declarations, flows, resources := object{}, []object{}, []object{}
	depends := []string{}
	for _, s := range sentinel.Streams() {
		columns := []object{}
		for _, c := range s.Columns {
			columns = append(columns, object{"name": c.Name, "type": c.Type})
		}
		declarations[s.Name] = object{"columns": columns}
		flows = append(flows, object{"streams": []string{s.Name}, "destinations": []string{"workspace"}, "transformKql": transform(&s), "outputStream": output(&s)})
		parameter, own := tables[s.Output]
		if !own {
			continue
		}
		name, path := "'"+strings.TrimPrefix(s.Output, "Custom-")+"'", strings.TrimPrefix(s.Output, "Custom-")
		if parameter != "" {
			name, path = "parameters('"+parameter+"')", "[parameters('"+parameter+"')]"
		}
		stored := []object{}
		for _, c := range s.Columns {
			kind := c.Type
			if kind == "datetime" {
				kind = "dateTime"
			}
			stored = append(stored, object{"name": c.Name, "type": kind, "description": strings.ReplaceAll(c.About, "`", "")})
		}
		resources = append(resources, object{"type": "Microsoft.OperationalInsights/workspaces/tables", "apiVersion": "2022-10-01", "name": "[concat(parameters('workspaceName'), '/', " + name + ")]",
			"properties": object{"plan": "Analytics", "schema": object{"name": path, "columns": stored}}})
		depends = append(depends, "[resourceId('Microsoft.OperationalInsights/workspaces/tables', parameters('workspaceName'), "+name+")]")
	}
	resources = append(resources,
		object{"type": "Microsoft.Insights/dataCollectionRules", "apiVersion": "2023-03-11", "name": "[parameters('ruleName')]", "location": "[parameters('location')]", "kind": "Direct", "dependsOn": depends,
			"properties": object{"description": "Alerts, heartbeats and events of Sealwatch", "streamDeclarations": declarations,
				"destinations": object{"logAnalytics": []object{{"name": "workspace", "workspaceResourceId": "[resourceId('Microsoft.OperationalInsights/workspaces', parameters('workspaceName'))]"}}}, "dataFlows": flows}},
		object{"type": "Microsoft.Authorization/roleAssignments", "apiVersion": "2022-04-01", "name": "[guid(resourceId('Microsoft.Insights/dataCollectionRules', parameters('ruleName')), parameters('principalId'), '" + role + "')]",
			"scope":     "[resourceId('Microsoft.Insights/dataCollectionRules', parameters('ruleName'))]",
			"dependsOn": []string{"[resourceId('Microsoft.Insights/dataCollectionRules', parameters('ruleName'))]"},
			"properties": object{"principalId": "[parameters('principalId')]", "principalType": "ServicePrincipal",
				"roleDefinitionId": "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '" + role + "')]"}})
	return object{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
		"metadata": object{"description": "What Sealwatch sends to in Azure Monitor. Written by go test ./exporters/sentinel -update."},
		"parameters": object{
			"workspaceName": parameter("Log Analytics workspace that Microsoft Sentinel is on, in this resource group.", nil),
			"principalId":   parameter("Object id of the service principal or managed identity that Sealwatch sends as: in Entra ID under Enterprise applications, not under App registrations.", nil),
			"ruleName":      parameter("Name of the data collection rule.", "sealwatch"),
			"alertsTable":   parameter("Table for alerts where the destination has table: custom.", "Sealwatch_Alerts_CL"),
			"location":      parameter("Region of the workspace.", "[resourceGroup().location]"),
		},
		"resources": resources,
		"outputs": object{
			"endpoint": object{"type": "string", "value": "[reference(resourceId('Microsoft.Insights/dataCollectionRules', parameters('ruleName')), '2023-03-11').endpoints.logsIngestion]"},
			"ruleId":   object{"type": "string", "value": "[reference(resourceId('Microsoft.Insights/dataCollectionRules', parameters('ruleName')), '2023-03-11').immutableId]"},
		}}
}

func parameter(about string, value any) object {
	p := object{"type": "string", "metadata": object{"description": about}}
	if value != nil {
		p["defaultValue"] = value
	}
	return p
}

func kql(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(deploy + "kql/" + name + ".kql")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// content is content.json: function, analytic rules and workbook.
func content(t testing.TB) object {
	t.Helper()
	rule := func(name, title, about, severity string, frequency, period string, more object) object {
		p := object{"displayName": title, "description": about, "enabled": true, "severity": severity, "query": kql(t, name), "queryFrequency": frequency, "queryPeriod": period,
			"triggerOperator": "GreaterThan", "triggerThreshold": 0, "suppressionEnabled": false, "suppressionDuration": "PT5H"}
		for k, v := range more {
			p[k] = v
		}
		return object{"type": "Microsoft.OperationalInsights/workspaces/providers/alertRules", "apiVersion": "2023-11-01", "kind": "Scheduled",
			"name":       "[concat(parameters('workspaceName'), '/Microsoft.SecurityInsights/', guid(resourceGroup().id, parameters('workspaceName'), '" + name + "'))]",
			"dependsOn":  []string{"[resourceId('Microsoft.OperationalInsights/workspaces/savedSearches', parameters('workspaceName'), 'SealwatchAlerts')]"},
			"properties": p}
	}
	entity := func(kind, identifier, column string) object {
		return object{"entityType": kind, "fieldMappings": []object{{"identifier": identifier, "columnName": column}}}
	}
	grouped := func(detail string) object {
		return object{"createIncident": true, "groupingConfiguration": object{"enabled": true, "reopenClosedIncident": false, "lookbackDuration": "P7D", "matchingMethod": "Selected", "groupByEntities": []string{},
			"groupByAlertDetails": []string{}, "groupByCustomDetails": []string{detail}}}
	}
	workbook := "[resourceId('Microsoft.OperationalInsights/workspaces', parameters('workspaceName'))]"
	return object{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
		"metadata": object{"description": "What Microsoft Sentinel makes of Sealwatch's rows. Written by go test ./exporters/sentinel -update."},
		"parameters": object{
			"workspaceName": parameter("Log Analytics workspace that Microsoft Sentinel is on, in this resource group.", nil),
			"location":      parameter("Region of the workspace.", "[resourceGroup().location]"),
			"table":         object{"type": "string", "defaultValue": "asim", "allowedValues": []string{"asim", "custom"}, "metadata": object{"description": "As the destination has it."}},
			"alertsTable":   parameter("Table for alerts where table is custom.", "Sealwatch_Alerts_CL"),
		},
		"variables": object{"asim": kql(t, "function_asim"), "custom": kql(t, "function_custom")},
		"resources": []object{
			{"type": "Microsoft.OperationalInsights/workspaces/savedSearches", "apiVersion": "2020-08-01", "name": "[concat(parameters('workspaceName'), '/SealwatchAlerts')]",
				"properties": object{"category": "Sealwatch", "displayName": "SealwatchAlerts", "functionAlias": "SealwatchAlerts", "version": 2,
					"query": "[if(equals(parameters('table'), 'asim'), variables('asim'), replace(variables('custom'), 'Sealwatch_Alerts_CL', parameters('alertsTable')))]"}},
			rule("rule_alerts", "Sealwatch: alert about DocuSign", "An incident for each alert that Sealwatch raises; later versions of an alert join it.", "Medium", "PT5M", "P1DT2H", object{
				"tactics":               []string{"InitialAccess", "Persistence", "PrivilegeEscalation", "DefenseEvasion", "CredentialAccess", "LateralMovement", "Collection", "CommandAndControl", "Impact"},
				"eventGroupingSettings": object{"aggregationKind": "AlertPerResult"},
				"incidentConfiguration": grouped("AlertId"),
				"alertDetailsOverride":  object{"alertDisplayNameFormat": "{{AlertTitle}}", "alertDescriptionFormat": "{{DetectionTitle}}. {{Remediation}}", "alertSeverityColumnName": "EventSeverity"},
				"customDetails":         object{"AlertId": "AlertId", "Detection": "Detection", "Sequence": "Sequence", "EventCount": "EventCount", "AlertUrl": "AlertUrl"},
				"entityMappings":        []object{entity("Account", "FullName", "Username"), entity("IP", "Address", "SrcIpAddr")},
			}),
			rule("rule_silence", "Sealwatch: silent or behind", "A destination of Sealwatch sends no heartbeat any more, or its analysis or delivery is an hour behind: alerts may be missing.", "High", "PT15M", "P1D", object{
				"tactics":               []string{"DefenseEvasion"},
				"eventGroupingSettings": object{"aggregationKind": "AlertPerResult"},
				"incidentConfiguration": grouped("Destination"),
				"customDetails":         object{"Destination": "Destination", "Instance": "Instance", "State": "State"},
			}),
			{"type": "Microsoft.Insights/workbooks", "apiVersion": "2022-04-01", "kind": "shared", "name": "[guid(resourceGroup().id, parameters('workspaceName'), 'sealwatch-workbook')]", "location": "[parameters('location')]",
				"dependsOn":  []string{"[resourceId('Microsoft.OperationalInsights/workspaces/savedSearches', parameters('workspaceName'), 'SealwatchAlerts')]"},
				"properties": object{"displayName": "Sealwatch", "category": "sentinel", "version": "1.0", "sourceId": workbook, "serializedData": serialized(t)}},
		}}
}

// panels of the workbook, in their order.
var panels = []struct{ file, title, show string }{
	{"workbook_1_open", "Open alerts by severity", "tiles"}, {"workbook_2_time", "Alerts by severity and time", "timechart"}, {"workbook_3_detections", "Alerts by detection", "table"},
	{"workbook_4_alerts", "Open alerts", "table"}, {"workbook_5_retracted", "Closed, retracted and suppressed", "table"}, {"workbook_6_delivery", "What waits, and how far the analysis is behind", "timechart"}, {"workbook_7_heartbeat", "Heartbeats", "table"},
}

func serialized(t testing.TB) string {
	t.Helper()
	items := []object{{"type": 9, "name": "time", "content": object{"version": "KqlParameterItem/1.0", "style": "pills", "queryType": 0, "resourceType": "microsoft.operationalinsights/workspaces",
		"parameters": []object{{"id": "5f0c2b1e-7a4d-4e57-9b0a-2f6d1c3e8a90", "version": "KqlParameterItem/1.0", "name": "Time", "type": 4, "isRequired": true, "value": object{"durationMs": 604800000},
			"typeSettings": object{"selectableValues": []object{{"durationMs": 86400000}, {"durationMs": 604800000}, {"durationMs": 2592000000}}, "allowCustom": true}}}}}}
	for _, p := range panels {
		items = append(items, object{"type": 3, "name": p.file, "content": object{"version": "KqlItem/1.0", "query": kql(t, p.file), "size": 0, "title": p.title, "timeContextFromParameter": "Time", "queryType": 0,
			"resourceType": "microsoft.operationalinsights/workspaces", "visualization": p.show}})
	}
	text, err := json.Marshal(object{"version": "Notebook/1.0", "items": items, "$schema": "https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json"})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTemplates holds the templates to the columns that are sent, and to the queries beside them.
func TestTemplates(t *testing.T) {
	for name, template := range map[string]object{"azuredeploy.json": infrastructure(), "content.json": content(t)} {
		var want strings.Builder
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(template); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(deploy+name, []byte(want.String()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(deploy + name)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want.String(), string(got)); d != "" {
			t.Errorf("%s: %s; run with -update", name, d)
		}
	}
	files, err := filepath.Glob(deploy + "kql/*.kql")
	if err != nil {
		t.Fatal(err)
	}
	whole, _ := json.Marshal(content(t)) //nolint:errchkjson // it was encoded above
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".kql")
		text, err := json.Marshal(kql(t, name))
		if err != nil {
			t.Fatal(err)
		}
		inner := strings.Trim(string(text), `"`)
		twice, err := json.Marshal(inner)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(whole), inner) && !strings.Contains(string(whole), strings.Trim(string(twice), `"`)) {
			t.Errorf("%s is in no template", f)
		}
	}
}

// TestModule: the Bicep file passes every parameter that the template has, and no other.
func TestModule(t *testing.T) {
	text, err := os.ReadFile(deploy + "main.bicep")
	if err != nil {
		t.Fatal(err)
	}
	for module, template := range map[string]object{"azuredeploy.json": infrastructure(), "content.json": content(t)} {
		_, body, ok := strings.Cut(string(text), "'"+module+"' = ")
		_, params, ok2 := strings.Cut(body, "params: {\n")
		params, _, ok3 := strings.Cut(params, "  }\n")
		if !ok || !ok2 || !ok3 {
			t.Fatalf("main.bicep has no module %s with parameters", module)
		}
		var got []string
		for _, m := range regexp.MustCompile(`(?m)^    (\w+): (\w+)$`).FindAllStringSubmatch(params, -1) {
			got = append(got, m[1])
			if !regexp.MustCompile(`(?m)^param ` + m[2] + ` string`).Match(text) {
				t.Errorf("main.bicep has no parameter %s", m[2])
			}
		}
		var want []string
		for name := range template["parameters"].(object) {
			want = append(want, name)
		}
		slices.Sort(want)
		slices.Sort(got)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", module, d)
		}
	}
}

// TestNames: no column has a name that Azure refuses or keeps to itself, or one twice, whatever the case.
func TestNames(t *testing.T) {
	valid := regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,44}$`)
	kinds := []string{"string", "int", "long", "real", "boolean", "datetime", "dynamic"}
	for _, s := range sentinel.Streams() {
		seen := map[string]bool{"_resourceid": true, "id": true, "_subscriptionid": true, "tenantid": true, "type": true, "uniqueid": true, "title": true}
		for _, c := range s.Columns {
			if low := strings.ToLower(c.Name); seen[low] || !valid.MatchString(c.Name) || !slices.Contains(kinds, c.Type) || c.About == "" {
				t.Errorf("%s: column %q of type %q: reserved, there twice, no name of a column, of no type, or undocumented", s.Name, c.Name, c.Type)
			} else {
				seen[low] = true
			}
		}
		if !seen["timegenerated"] {
			t.Errorf("%s has no TimeGenerated", s.Name)
		}
		if len(s.Columns) > 300 {
			t.Errorf("%s has %d columns", s.Name, len(s.Columns))
		}
	}
}
