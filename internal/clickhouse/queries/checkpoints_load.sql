SELECT position, line, version FROM checkpoints FINAL WHERE name = {name:String}
