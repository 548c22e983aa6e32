//! Figures about messages: what failed, what is in doubt; campaigns as the room of effects counts them.

use super::Ask;
use crate::effects::books::{ARRIVED, Books, Fate};

#[tokio::test]
async fn what_failed_and_what_is_in_doubt_belong_to_the_day_of_their_run() {
    let books = Books::new().await;
    for figure in ["messages_failed", "messages_in_doubt"] {
        assert_eq!(Ask::may(&books.world).told(figure).await, "nothing", "{figure}");
    }
    books.selling("spring").await;
    // the last instant of May in Shanghai, and the first of June
    let may = books.run("spring", "2026-05-31T15:59:00Z").await;
    let june = books.run("spring", "2026-05-31T16:00:00Z").await;
    for (place, state) in
        ["accepted", "delivered", "bounced", "dead", "expired", "complained", "in_doubt", "planned", "suppressed"]
            .into_iter()
            .enumerate()
    {
        let channel = if place % 2 == 0 { "email" } else { "sms" };
        may.sent(&format!("c{place}"), "2026-06-01T02:00:00Z", Fate { state, channel, ..ARRIVED }).await;
    }
    june.sent("c0", "2026-06-01T02:00:00Z", Fate { state: "rejected", ..ARRIVED }).await;
    let ask = Ask::may(&books.world);
    assert_eq!(ask.told("messages_failed").await, "0.5 of 6");
    assert_eq!(ask.by("messages_failed", "channel").await, "email 0.666667 of 3, sms 0.333333 of 3");
    assert_eq!(ask.told("messages_in_doubt").await, "1 of 1");
    assert_eq!(ask.days("2026-06-01", "2026-06-30").told("messages_failed").await, "1 of 1");
}
