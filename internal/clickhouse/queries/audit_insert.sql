INSERT INTO audit_log (tenant, id, time, kind, actor, via, hunt, statement, parameters, result_rows, result_bytes, read_rows, read_bytes, elapsed_ms, outcome, error, statement_cut)
