SELECT name, position, cursor, line, version FROM checkpoints FINAL WHERE name IN {names:Array(String)}
