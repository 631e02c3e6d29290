// Sends rows to a data collection rule with Microsoft's own clients. Reads [{"authority", "tenant", "client", "secret", "endpoint", "rule",
// "stream", "rows"}] from standard input and writes what the clients say of each, as [TEXT].
'use strict';
const { ClientSecretCredential } = require('@azure/identity');
const { LogsIngestionClient, isAggregateLogsUploadError } = require('@azure/monitor-ingestion');

async function send(c) {
  const once = { maxRetries: 0 };
  const credential = new ClientSecretCredential(c.tenant, c.client, c.secret, { authorityHost: c.authority, disableInstanceDiscovery: true, retryOptions: once });
  try {
    await new LogsIngestionClient(c.endpoint, credential, { retryOptions: once }).upload(c.rule, c.stream, c.rows);
    return 'ok';
  } catch (error) {
    const causes = isAggregateLogsUploadError(error) ? error.errors.map((one) => one.cause) : [error];
    return causes.map((one) => [one.name, one.statusCode, one.code, String(one.message).split('\n')[0]].filter(Boolean).join(' ')).join('; ');
  }
}

(async () => {
  const output = [];
  for (const c of JSON.parse(require('fs').readFileSync(0, 'utf8'))) output.push(await send(c));
  process.stdout.write(JSON.stringify(output));
})();
