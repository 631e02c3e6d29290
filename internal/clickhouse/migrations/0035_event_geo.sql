ALTER TABLE events ADD COLUMN IF NOT EXISTS geo Tuple(
    place_kind LowCardinality(String), country LowCardinality(String), country_name LowCardinality(String), region LowCardinality(String), city LowCardinality(String),
    latitude Float64, longitude Float64, accuracy_km Float32, located_by LowCardinality(String), asn UInt32, as_organization LowCardinality(String), network_by LowCardinality(String))
    COMMENT 'what the geo databases or the record said, where located_by or network_by names a range of the operator; place_kind is empty otherwise' AFTER network_by
