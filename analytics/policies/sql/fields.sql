-- What each field of a policy's filter reads. A section begins with its name; fields with roles have one section for each.
-- Sections of several values give an array without empty ones.
-- @activity
toString(activity)
-- @action
arrayDistinct(arrayFilter(v -> v != '', [toString(action), replaceRegexpAll(toString(action), '([a-z0-9])([A-Z])', '\\1 \\2')]))
-- @object
arrayDistinct(arrayFilter(v -> v != '', [toString(object), replaceRegexpAll(toString(object), '([a-z0-9])([A-Z])', '\\1 \\2')]))
-- @property
arrayDistinct(arrayFilter(v -> v != '', [toString(property), replaceRegexpAll(toString(property), '([a-z0-9])([A-Z])', '\\1 \\2')]))
-- @result
toString(result)
-- @item
arrayFilter(v -> v != '', [envelope_id, JSONExtractString(data, 'EnvelopeId'), JSONExtractString(data, 'TemplateId'), JSONExtractString(data, 'GroupId'), JSONExtractString(data, 'PermissionProfileId'), JSONExtractString(data, 'ConfigurationId'), JSONExtractString(data, 'SettingsKey')])
-- @item_name
arrayFilter(v -> v != '', [JSONExtractString(data, 'TemplateName'), JSONExtractString(data, 'Subject'), JSONExtractString(data, 'EnvelopeSubject'), JSONExtractString(data, 'EmailSubject'), JSONExtractString(data, 'DocumentName'), JSONExtractString(data, 'FileName'), JSONExtractString(data, 'GroupName'), JSONExtractString(data, 'Name')])
-- @data
if(JSONHas(data, {/*property*/:String}), multiIf(JSONType(data, {/*property*/:String}) = 'String', JSONExtractString(data, {/*property*/:String}), JSONExtractRaw(data, {/*property*/:String})), '')
-- @administrative
administrative
-- @impersonated
((integration_key != '' AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')) OR activity = 'impersonation')
-- @application
toString(integration_key)
-- @channel
toString(channel)
-- @source
toString(source)
-- @device_type
toString(device_type)
-- @device
if(browser = '' AND os = '', '', concat(replaceRegexpOne(browser, ' [0-9.]+$', ''), ' on ', replaceRegexpOne(os, ' [0-9.]+$', '')))
-- @browser
toString(browser)
-- @browser_version
toUInt32OrZero(extract(toString(browser), ' ([0-9]+)[0-9.]*$'))
-- @os
toString(os)
-- @user_agent
user_agent
-- @user_agent_tag
-- Chromium has a release every 31 days since version 94 of 21 September 2021, Firefox one every 29 since version 92 of 7 September 2021; a year behind is outdated. Apple numbers a release
-- a year, from 2025 on by the year; two behind is outdated for a browser, three for a system. Windows 11 calls itself Windows 10. Counted as of the event time.
arrayFilter(v -> v != '', [
    if(device_type = 'robot', 'robot', ''),
    if(user_agent != '' AND device_type != 'robot' AND NOT startsWith(user_agent, 'Mozilla/') AND NOT startsWith(user_agent, 'Opera/'), 'native_client', ''),
    multiIf(
        match(toString(browser), '^(IE|Internet Explorer|PhantomJS)'), 'outdated_browser',
        match(toString(browser), '^(Chrome|Chrome Mobile|Chromium|Edge|Microsoft Edge) [0-9]+') AND ts >= toDateTime64('2021-09-21 00:00:00', 7, 'UTC'),
            if(toInt32OrZero(extract(toString(browser), ' ([0-9]+)')) < 94 + intDiv(dateDiff('day', toDate('2021-09-21'), toDate(ts)), 31) - 12, 'outdated_browser', ''),
        match(toString(browser), '^(Firefox|Firefox Mobile) [0-9]+') AND ts >= toDateTime64('2021-09-07 00:00:00', 7, 'UTC'),
            if(toInt32OrZero(extract(toString(browser), ' ([0-9]+)')) < 92 + intDiv(dateDiff('day', toDate('2021-09-07'), toDate(ts)), 29) - 13, 'outdated_browser', ''),
        match(toString(browser), '^(Safari|Mobile Safari) [0-9]+'),
            if(toInt32OrZero(extract(toString(browser), ' ([0-9]+)')) < toYear(toDate(ts) - toIntervalMonth(9)) - if(toYear(toDate(ts) - toIntervalMonth(9)) <= 2026, 2008, 2001), 'outdated_browser', ''),
        ''),
    multiIf(
        match(toString(os), '^Windows (XP|Vista|2000|NT|7|8|8\\.1)$'), 'outdated_os',
        match(toString(os), '^Android [0-9]+'), if(toInt32OrZero(extract(toString(os), ' ([0-9]+)')) < toYear(toDate(ts)) - 2014, 'outdated_os', ''),
        match(toString(os), '^(iOS|iPadOS) [0-9]+'), if(toInt32OrZero(extract(toString(os), ' ([0-9]+)')) < toYear(toDate(ts) - toIntervalMonth(9)) - if(toYear(toDate(ts) - toIntervalMonth(9)) <= 2027, 2009, 2002), 'outdated_os', ''),
        '')])
-- @ip
ip_address
-- @ip_category
arrayFilter(v -> v != '', arrayDistinct(arrayMap(i -> said.3[i], believed)))
-- @ip_tag
arrayFilter(v -> v != '', arrayDistinct(arrayFlatten(arrayMap(i -> splitByChar(',', said.4[i]), believed))))
-- @country
toString(country)
-- @region
toString(region)
-- @city
toString(city)
-- @isp
toString(as_organization)
-- @asn
asn
-- @account
account_id
-- @user actor
arrayFilter(v -> v NOT IN ('', '0', '00000000-0000-0000-0000-000000000000'), [user_id, user_email, user_name])
-- @user target
arrayFilter(v -> v NOT IN ('', '0', '00000000-0000-0000-0000-000000000000'), [affected_user_id, referenced_user_id, JSONExtractString(data, 'RecipientEmail')])
-- @user any
arrayFilter(v -> v NOT IN ('', '0', '00000000-0000-0000-0000-000000000000'), [user_id, user_email, user_name, affected_user_id, referenced_user_id, JSONExtractString(data, 'RecipientEmail')])
-- @user_domain actor
arrayFilter(v -> v != '', [if(position(user_email, '@') = 0, '', arrayElement(splitByChar('@', user_email), -1))])
-- @user_domain target
arrayFilter(v -> v != '', [if(position(JSONExtractString(data, 'RecipientEmail'), '@') = 0, '', arrayElement(splitByChar('@', JSONExtractString(data, 'RecipientEmail')), -1))])
-- @user_domain any
arrayFilter(v -> v != '', [if(position(user_email, '@') = 0, '', arrayElement(splitByChar('@', user_email), -1)), if(position(JSONExtractString(data, 'RecipientEmail'), '@') = 0, '', arrayElement(splitByChar('@', JSONExtractString(data, 'RecipientEmail')), -1))])
-- @recipient_domain
if(position(JSONExtractString(data, 'RecipientEmail'), '@') = 0, '', lower(arrayElement(splitByChar('@', JSONExtractString(data, 'RecipientEmail')), -1)))
-- @in_claimed_domain
user_in_domain
-- @directory user
arrayConcat(emails, [user_name, display_name])
-- @directory user_domain
arrayMap(e -> arrayElement(splitByChar('@', e), -1), emails)
-- @directory user_group
groups
-- @directory user_role
[role]
-- @directory user_status
[toString(status)]
-- @directory user_kind
[toString(kind)]
-- @people actor
[user_id, user_email]
-- @people target
[affected_user_id, referenced_user_id, lower(JSONExtractString(data, 'RecipientEmail'))]
-- @people any
[user_id, user_email, affected_user_id, referenced_user_id, lower(JSONExtractString(data, 'RecipientEmail'))]
-- @key user
user_id
-- @key address
ip_address
-- @key account
account_id
-- @key envelope
envelope_id
-- @key integration
integration_key
-- @of user
if(user_id IN ('0', '00000000-0000-0000-0000-000000000000'), '', user_id)
-- @of target
multiIf(affected_user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000'), affected_user_id, lower(JSONExtractString(data, 'RecipientEmail')))
-- @of address
ip_address
-- @of network
multiIf(asn != 0, concat('AS', toString(asn)), as_organization != '', toString(as_organization), '')
-- @of country
toString(country)
-- @of city
if(city = '', '', concat(toString(city), ', ', toString(country)))
-- @of envelope
envelope_id
-- @of account
account_id
-- @of application
integration_key
-- @of device
if(browser = '' AND os = '', '', concat(replaceRegexpOne(browser, ' [0-9.]+$', ''), ' on ', replaceRegexpOne(os, ' [0-9.]+$', '')))
-- @of activity
toString(activity)
-- @of item
if(envelope_id != '', envelope_id, JSONExtractString(data, 'TemplateId'))
-- @of target_domain
if(position(JSONExtractString(data, 'RecipientEmail'), '@') = 0, '', lower(arrayElement(splitByChar('@', JSONExtractString(data, 'RecipientEmail')), -1)))
