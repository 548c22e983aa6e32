
-- message/trigger/missing: of those who have the occasion, for how many a value was missing in each condition, so that it
-- was false
select /*{missing}*/ '{}'::jsonb as missing
from due c
/*{facts}*/
