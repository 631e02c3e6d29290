-- One row per episode in which a user makes, changes or deletes templates. Changes of one template with less than ten minutes between one
-- and the next are one act, because Monitor and each configuration of Connect tell of it.
WITH
records AS
(
    SELECT
        tenant, user_id, ts, event_id, toString(activity) AS kind, toString(object) AS object, toString(action) AS action, JSONExtractString(data, 'TemplateId') AS template, JSONExtractString(data, 'TemplateName') AS template_name,
        (user_email, user_name) AS whose, if(template != '', lower(template), event_id) AS thing,
        toUnixTimestamp64Micro(ts) - lagInFrame(toUnixTimestamp64Micro(ts)) OVER (PARTITION BY tenant, user_id, thing, kind ORDER BY ts, event_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS since,
        toUnixTimestamp64Micro(ts) - lagInFrame(toUnixTimestamp64Micro(ts)) OVER (PARTITION BY tenant, user_id ORDER BY ts, event_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) > {quiet_us:UInt64} AS begins
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(2208)
        AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(13)
        AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
        AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
        AND activity IN ('create', 'update', 'delete') AND lower(object) IN ('template', 'templates', 'envelopetemplate')
        AND NOT match(lower(result), 'fail|error|den(y|ied)|invalid|reject|unsuccess|unauthor|forbid|refus|not ?allowed|false|40[13]')
),
acts AS
(
    SELECT *, sum(begins) OVER (PARTITION BY tenant, user_id ORDER BY ts, event_id ROWS UNBOUNDED PRECEDING) AS number, since >= 600000000 AS counted,
        -- the day on which the user made that template the last time before, 0 where it is not known
        toInt32(toDate(maxIf(ts, kind = 'create') OVER (PARTITION BY tenant, user_id, thing ORDER BY ts, event_id ROWS UNBOUNDED PRECEDING))) AS made_day,
        made_day >= toInt32(toDate(ts)) - 90 AS own
    FROM records
),
episodes AS
(
    SELECT
        tenant, user_id, min(acts.ts) AS anchor_time, max(acts.ts) AS end_time, argMin(event_id, (ts, event_id)) AS key, toInt32(toDate(anchor_time)) AS day,
        argMaxIf(whose.1, (ts, event_id), whose.1 != '') AS email, argMaxIf(whose.2, (ts, event_id), whose.2 != '') AS name,
        groupArraySorted(100)((ts, event_id)) AS first_events, sum(counted) AS size, uniqExact(thing) AS templates,
        countIf(counted AND kind = 'create') AS made, countIf(counted AND kind = 'update') AS changed, countIf(counted AND kind = 'delete') AS deleted, countIf(counted AND kind != 'create' AND NOT own) AS foreign_changes,
        arraySlice(arraySort(groupUniqArrayIf(thing, template != '')), 1, 20) AS template_ids, arraySlice(arraySort(groupUniqArrayIf(template_name, template_name != '')), 1, 20) AS names
    FROM acts
    GROUP BY tenant, user_id, number
    HAVING anchor_time >= {from:DateTime64(7, 'UTC')} AND anchor_time <= {to:DateTime64(7, 'UTC')}
),
-- how many changes on each day, and when, at the earliest, the user had made what was changed on it; after all days where nothing was but
-- made
history AS
(
    SELECT tenant, user_id, groupArray((day, n, oldest)) AS counts
    FROM (SELECT tenant, user_id, toInt32(toDate(ts)) AS day, sum(counted) AS n, min(if(counted AND kind != 'create', made_day, 2147483647)) AS oldest FROM acts GROUP BY tenant, user_id, day)
    GROUP BY tenant, user_id
),
-- how many people changed templates from ninety days to a week before the days of the episodes, and how long ago the first of them
common AS
(
    SELECT d.tenant AS tenant, d.day AS day, uniqExact(v.user_id) AS people, d.day - min(v.day) AS record_days
    FROM
    (
        SELECT DISTINCT tenant, user_id, toInt32(toDate(ts)) AS day
        FROM events
        WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(2208) AND ts <= {to:DateTime64(7, 'UTC')}
            AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
            AND activity IN ('create', 'update', 'delete') AND lower(object) IN ('template', 'templates', 'envelopetemplate')
            AND NOT match(lower(result), 'fail|error|den(y|ied)|invalid|reject|unsuccess|unauthor|forbid|refus|not ?allowed|false|40[13]')
    ) AS v
    INNER JOIN (SELECT DISTINCT tenant, day FROM episodes) AS d ON d.tenant = v.tenant
    WHERE v.day <= d.day - 7 AND v.day >= d.day - 90
    GROUP BY tenant, day
),
judged AS
(
    SELECT
        e.tenant AS tenant, e.user_id AS user_id, e.anchor_time AS anchor_time, e.end_time AS end_time, e.key AS key, e.email AS email, e.name AS name, e.first_events AS first_events,
        e.size AS size, e.templates AS templates, e.made AS made, e.changed AS changed, e.deleted AS deleted, e.template_ids AS template_ids, e.names AS names,
        -- on how many days, from ninety to seven before, something was changed that the user had not made within the ninety
        arrayCount(n -> n.1 <= e.day - 7 AND n.1 >= e.day - 90 AND n.3 < e.day - 90, h.counts) AS usual_days,
        arrayMax(arrayMap(n -> if(n.1 < e.day AND n.1 >= e.day - 90, n.2, 0), h.counts)) AS most_before,
        c.people > 0 AS known,
        c.record_days AS record_days,
        c.people - arrayExists(n -> n.1 <= e.day - 7 AND n.1 >= e.day - 90, h.counts) AS others,
        e.foreign_changes AS foreign_changes,
        usual_days >= {familiar_days:UInt32} AS usual,
        e.size >= {many_templates:UInt32} AND e.size >= 2 * most_before AS many,
        -- 1 low, 2 medium, 3 high
        toUInt8(1 + (NOT usual AND e.foreign_changes > 0) + many) AS level
    FROM episodes AS e
    LEFT JOIN history AS h ON h.tenant = e.tenant AND h.user_id = e.user_id
    LEFT JOIN common AS c ON c.tenant = e.tenant AND c.day = e.day
)
SELECT
    tenant,
    'user' AS subject_type,
    user_id AS subject_id,
    email AS subject_email,
    name AS subject_name,
    key AS finding_key,
    anchor_time,
    anchor_time AS start_time,
    end_time,
    first_events.2 AS event_ids,
    toUInt64(size) AS event_count,
    toFloat64(level) + least(size / 1e6, 0.99) AS score,
    ['low', 'medium', 'high'][level] AS severity,
    concat(multiIf(email != '', email, name != '', name, concat('User ', user_id)),
        arrayStringConcat(arrayFilter(t -> t != '', [if(made > 0, ' made', ''), if(changed > 0, ' changed', ''), if(deleted > 0, ' deleted', '')]), ','),
        if(templates = 1, if(notEmpty(names), concat(' the template "', names[1], '"'), ' a template'), concat(' ', toString(templates), ' templates')),
        if(most_before = 0 AND known, if(record_days >= 83, ', for the first time in 90 days', concat(', for the first time in the ', toString(record_days), ' days on record')), ''), if(many, if(most_before = 0, '', concat(', at most ', toString(most_before), ' on a day before')), '')) AS title,
    toJSONString(CAST((size, templates, made, changed, deleted, template_ids, names, foreign_changes, usual_days, most_before, others,
            concat(if(usual, 'Such changes are daily work of the user', 'The user does not usually change templates'), if(foreign_changes > 0, '', '; nothing was changed but what the user made'), if(many, '; there are many.', '.'))),
        'Tuple(changes UInt64, templates UInt64, made UInt64, changed UInt64, deleted UInt64, templateIds Array(String), templateNames Array(String), changesOfOthersTemplates UInt64, daysWithSuchChanges UInt64, mostOnADayBefore UInt64, othersWhoChangeTemplates Int64, severityReason String)')) AS evidence,
    if(many, CAST([], 'Array(String)'), arrayFilter(r -> r != '', [if(foreign_changes = 0, 'own_templates', ''), if(usual, 'usual_work', ''), if(known, '', 'learning'), if(others >= {common_people:UInt32}, 'common_work', '')])) AS suppressed_by
FROM judged
