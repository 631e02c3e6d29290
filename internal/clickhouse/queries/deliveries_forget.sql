ALTER TABLE deliveries DELETE
WHERE destination = {destination:String} AND sequence > {above:UInt64}
SETTINGS mutations_sync = 2
