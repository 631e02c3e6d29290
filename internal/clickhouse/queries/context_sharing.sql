-- How many users else had each trait in the thirty days before the end of the finding. wanted_* are one element a finding and trait.
WITH
wanted AS
(
    SELECT
        arrayJoin(arrayZip({wanted_n:Array(UInt32)}, {wanted_kinds:Array(String)}, {wanted_values:Array(String)}, {wanted_users:Array(String)}, {wanted_ends:Array(String)})) AS w,
        w.1 AS n, w.2 AS kind, w.3 AS value, w.4 AS own_user, toDateTime64(w.5, 7, 'UTC') AS finding_end
),
used AS
(
    SELECT
        user_id, ts,
        arrayJoin([('address', ip_address), ('network', if(asn = 0, '', toString(asn))), ('device', trimBoth(concat(browser, if(browser != '' AND os != '', ' on ', ''), os)))]) AS trait,
        trait.1 AS kind, trait.2 AS value
    FROM events
    WHERE tenant = {tenant:String} AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000') AND held_until <= {line:DateTime64(7, 'UTC')}
        AND (ip_address IN {wanted_values:Array(String)} OR toString(asn) IN {wanted_values:Array(String)}
            OR trimBoth(concat(browser, if(browser != '' AND os != '', ' on ', ''), os)) IN {wanted_values:Array(String)})
        AND ts > {first:DateTime64(7, 'UTC')} - toIntervalDay(30) AND ts <= {last:DateTime64(7, 'UTC')}
)
SELECT n, kind, value, uniqExact(user_id) AS other_users
FROM used
INNER JOIN wanted USING (kind, value)
WHERE ts > finding_end - toIntervalDay(30) AND ts <= finding_end AND user_id != own_user
GROUP BY n, kind, value
