-- How many users else had each trait in the thirty days before the end of the finding. wanted_* are one element a finding and trait.
WITH
wanted AS
(
    SELECT
        arrayJoin(arrayZip({wanted_n:Array(UInt32)}, {wanted_kinds:Array(String)}, {wanted_values:Array(String)}, {wanted_users:Array(String)}, {wanted_ends:Array(String)})) AS w,
        w.1 AS n, w.2 AS kind, w.3 AS value, w.4 AS own_user, toDateTime64(w.5, 7, 'UTC') AS finding_end
),
-- A day of a user is enough of a trait that thousands share, since thirty days are more than one: if its last use is after their beginning and its
-- first before their end, one of the two is within them. Each use by itself would be joined with each finding.
used AS
(
    SELECT
        user_id, first_at, last_at,
        arrayJoin([('address', ip_address), ('network', if(asn = 0, '', toString(asn))), ('device', trimBoth(concat(browser, if(browser != '' AND os != '', ' on ', ''), os)))]) AS trait,
        trait.1 AS kind, trait.2 AS value
    FROM
    (
        SELECT user_id, ip_address, asn, browser, os, min(ts) AS first_at, max(ts) AS last_at
        FROM events
        WHERE tenant = {tenant:String} AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000') AND held_until <= {line:DateTime64(7, 'UTC')}
            AND (ip_address IN {wanted_values:Array(String)} OR toString(asn) IN {wanted_values:Array(String)}
                OR trimBoth(concat(browser, if(browser != '' AND os != '', ' on ', ''), os)) IN {wanted_values:Array(String)})
            AND ts > {first:DateTime64(7, 'UTC')} - toIntervalDay(30) AND ts <= {last:DateTime64(7, 'UTC')}
        GROUP BY user_id, ip_address, asn, browser, os, toDate(ts)
    )
)
SELECT n, kind, value, uniqExact(user_id) AS other_users
FROM used
INNER JOIN wanted USING (kind, value)
WHERE last_at > finding_end - toIntervalDay(30) AND first_at <= finding_end AND user_id != own_user
GROUP BY n, kind, value
