// Reads [{"name": TEXT, "tables": {TABLE: {COLUMN: TYPE}}, "query": TEXT}] from standard input and writes what Microsoft's language
// service for KQL finds wrong in each, as {NAME: [TEXT]}.
'use strict';
require('@kusto/language-service-next/bridge.min.js');
require('@kusto/language-service-next/Kusto.Language.Bridge.min.js');

const { GlobalState, KustoCode } = Kusto.Language;
const { TableSymbol, ColumnSymbol, DatabaseSymbol, ScalarTypes } = Kusto.Language.Symbols;

const output = {};
for (const { name, tables, query } of JSON.parse(require('fs').readFileSync(0, 'utf8'))) {
  const symbols = Object.entries(tables).map(([table, columns]) =>
    new TableSymbol.$ctor4(table, Object.entries(columns).map(([column, type]) => new ColumnSymbol(column, ScalarTypes.GetSymbol(type), null, null, null, null))));
  const found = KustoCode.ParseAndAnalyze(query, GlobalState.Default.WithDatabase(new DatabaseSymbol.ctor('workspace', symbols))).GetDiagnostics();
  output[name] = [];
  for (let i = 0; i < found.Count; i++) {
    const d = found.getItem(i);
    output[name].push(`${d.Severity} at ${d.Start}: ${d.Message} (${query.slice(d.Start, d.Start + d.Length)})`);
  }
}
process.stdout.write(JSON.stringify(output));
