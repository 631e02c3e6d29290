SELECT count() AS letters FROM dead_letters FINAL WHERE destination = {destination:String} AND state IN ('', 'replay')
