//! Daemons and Postgres are killed at random moments while birthday mails go to a real relay: nobody is lost, and with
//! `on_unknown = "hold"` nobody gets two.

use std::collections::{BTreeMap, BTreeSet};

use super::Dice;
use super::office::{CONNECTIONS, Harm, Office};

/// The mails the relay took, their Message-IDs by customer.
fn by_customer(office: &Office) -> BTreeMap<String, Vec<String>> {
    let mut mails: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mail in office.relay.mails() {
        let customer = mail.to.strip_prefix("weary+").and_then(|to| to.strip_suffix("@customers.example"));
        mails.entry(customer.expect("a customer's address").to_owned()).or_default().push(mail.message_id);
    }
    mails
}

/// The customers whose message is in that state.
async fn customers(office: &Office, state: &str) -> BTreeSet<String> {
    sqlx::query_scalar("select customer_id from tend.outbox where job = 'birthday' and state = $1")
        .bind(state)
        .fetch_all(office.world.pool())
        .await
        .unwrap()
        .into_iter()
        .collect()
}

/// Every mail at the relay carries the Message-ID of its row: copies of one message can be told.
async fn ids_are_those_of_the_rows(office: &Office, mails: &BTreeMap<String, Vec<String>>) {
    let rows: Vec<(String, String)> = sqlx::query_as("select customer_id, public_id::text from tend.outbox")
        .fetch_all(office.world.pool())
        .await
        .unwrap();
    let ids: BTreeMap<String, String> = rows.into_iter().collect();
    for (customer, mails) in mails {
        let id = ids.get(customer).unwrap_or_else(|| panic!("{customer} got a mail nobody owed"));
        let simple = id.replace('-', "");
        assert!(mails.iter().all(|mail| mail.contains(id) || mail.contains(&simple)), "{customer}: {mails:?} for {id}");
        assert!(mails.iter().all(|mail| *mail == mails[0]), "{customer}: {mails:?}");
    }
}

/// No dispatcher leaves more unknown than it has connections, and none that lived on leaves any.
async fn each_crash_leaves_at_most_one_unknown_per_connection(office: &Office, harm: &Harm) {
    let query = "select count(*) from tend.attempt where outcome = 'in_doubt' group by owner order by 1 desc";
    let unknown: Vec<i64> = sqlx::query_scalar(query).fetch_all(office.world.pool()).await.unwrap();
    let sum: i64 = unknown.iter().sum();
    let arrived = by_customer(office).len();
    eprintln!("{harm:?}: {arrived} customers have a mail; {sum} unknown, by dispatcher: {unknown:?}");
    assert!(unknown.iter().all(|count| usize::try_from(*count).unwrap() <= CONNECTIONS), "{unknown:?}");
    assert!(unknown.len() <= harm.unknown() / CONNECTIONS, "{harm:?}, but {} dispatchers left unknowns", unknown.len());
    assert_eq!(office.figure("select count(*) from tend.attempt where outcome is null").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_nobody_gets_two_mails_and_nobody_is_lost() {
    let count = 5_000 * super::factor();
    let mut dice = Dice::any("mail, hold");
    let office = Office::with_birthdays(count, "hold").await;
    let harm = office.under_fire(count, &mut dice).await;

    let mails = by_customer(&office);
    let twice: Vec<_> = mails.iter().filter(|(_, ids)| ids.len() > 1).collect();
    assert!(twice.is_empty(), "two mails after {harm:?}: {twice:?}");
    let ids: BTreeSet<_> = mails.values().flatten().collect();
    assert_eq!(ids.len(), mails.len(), "a Message-ID belongs to one customer");
    ids_are_those_of_the_rows(&office, &mails).await;

    let (accepted, in_doubt) = (customers(&office, "accepted").await, customers(&office, "in_doubt").await);
    assert_eq!(accepted.len() + in_doubt.len(), count as usize, "the books balance: {:?}", office.states().await);
    assert_eq!(office.figure("select count(*) from tend.occasion").await, i64::from(count));
    let unsent: Vec<_> = accepted.iter().filter(|customer| !mails.contains_key(*customer)).collect();
    assert!(unsent.is_empty(), "accepted, but the relay does not know of it: {unsent:?}");
    assert!(mails.keys().all(|customer| accepted.contains(customer) || in_doubt.contains(customer)));

    each_crash_leaves_at_most_one_unknown_per_connection(&office, &harm).await;
    assert!(in_doubt.len() <= harm.unknown(), "{} in doubt after {harm:?}", in_doubt.len());
    let list: serde_json::Value = serde_json::from_str(&office.bench.ok(&["outbox", "list", "--json"])).unwrap();
    let listed: BTreeSet<_> =
        list.as_array().unwrap().iter().map(|row| row["customer_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(listed, in_doubt, "each is listed");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_with_resend_nobody_is_lost_and_copies_are_recognisable() {
    let count = 2_500 * super::factor();
    let mut dice = Dice::any("mail, resend");
    let office = Office::with_birthdays(count, "resend").await;
    let harm = office.under_fire(count, &mut dice).await;

    assert_eq!(office.states().await, [format!("accepted\t{count}")], "after {harm:?}");
    let mails = by_customer(&office);
    assert_eq!(mails.len(), count as usize, "nobody is lost");
    ids_are_those_of_the_rows(&office, &mails).await;
    each_crash_leaves_at_most_one_unknown_per_connection(&office, &harm).await;
    let copies: usize = mails.values().map(|mails| mails.len() - 1).sum();
    eprintln!("{copies} copies");
    assert!(copies <= harm.unknown(), "{copies} copies after {harm:?}");
}
