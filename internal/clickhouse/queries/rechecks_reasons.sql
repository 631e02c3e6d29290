SELECT DISTINCT detection, reason FROM rechecks WHERE tenant = {tenant:String} AND startsWith(reason, {prefix:String})
