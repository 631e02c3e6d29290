-- Whose stays have the changed users for a baseline: users with an infrequent day after the changed events in a country
-- where a changed user is seen (at home, or as one who goes there), and new users, for whom the age of the tenant counts.
-- Of events of today nobody's stays depend before tomorrow: without later events nothing is read.
WITH
(
    SELECT groupUniqArray(country)
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND user_id IN {users:Array(String)}
        AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(98) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalDay(98)
        AND place_kind = 'user' AND country != ''
) AS touched
SELECT
    'user' AS subject_type,
    user_id AS subject_id,
    CAST(arrayMin(infrequent), 'DateTime64(7, \'UTC\')') AS first_ts,
    CAST(arrayMax(infrequent), 'DateTime64(7, \'UTC\')') + toIntervalDay(1) AS last_ts
FROM
(
    SELECT
        user_id,
        groupUniqArray((toDate(ts), country)) AS been,
        -- what is said of an address may make it a tunnel, which is in no country: such days can be infrequent, and make none frequent
        groupUniqArrayIf((toDate(ts), country), NOT dictHas('ip_intelligence', ip)) AS certain,
        -- the bounds are those of the parameters, so that every setting is covered
        arrayMap(b -> b.1, arrayFilter(b -> b.1 > toDate32({from:DateTime64(7, 'UTC')})
            AND (length(arrayFilter(x -> x.2 = b.2 AND x.1 < b.1 AND x.1 >= b.1 - 90, certain)) < 5 OR NOT arrayExists(x -> x.2 = b.2 AND x.1 < b.1 AND x.1 >= b.1 - 7, certain))
            AND (has(touched, b.2) OR NOT arrayExists(x -> x.1 <= b.1 - 7 AND x.1 >= b.1 - 97, certain)), been)) AS infrequent
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String}
        AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(98) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalDay(98)
        AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000') AND place_kind = 'user' AND country != '' AND integration_key = ''
        AND activity NOT IN ('failed_logon', 'docusign_alert')
        AND user_id IN
        (
            SELECT user_id
            FROM events
            WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND ts >= CAST(toDate32({from:DateTime64(7, 'UTC')}), 'DateTime64(7, \'UTC\')') + toIntervalDay(1) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalDay(98)
                AND place_kind = 'user' AND country != ''
        )
        -- of no use without addresses and integrations, which every affected.sql is given
        AND length({addresses:Array(String)}) + length({integrations:Array(String)}) >= 0
    GROUP BY user_id
)
WHERE notEmpty(infrequent)
