-- outbox/coupon/none: from "verdict" to "outcome" for files whose offers have no coupons.
outcome as not materialized (
    select v.*, v.verdict as denial, false as lacks, null::bigint as coupon_id, null::jsonb as coupon
    from verdict v
),
