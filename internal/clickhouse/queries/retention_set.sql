ALTER TABLE events MODIFY TTL toDateTime(ts) + toIntervalDay({days:UInt32}) SETTINGS materialize_ttl_after_modify = 0
