SELECT position, cursor, line, version FROM checkpoints FINAL WHERE name = {name:String}
