//! Signed links: what they carry, what is refused, and where messages show them.

use tend::outbox::link::{Asked, Bearer, Links, Purpose};
use tend::settings::PublicSettings;
use uuid::Uuid;

use super::office::{dispatcher, options, owing};
use crate::support::{World, instant};

const OLD: &str = "0123456789abcdef0123456789abcdef";
const NEW: &str = "fedcba9876543210fedcba9876543210";

pub fn settings() -> PublicSettings {
    PublicSettings { base_url: "https://mail.shop.example/x/".into(), ..PublicSettings::default() }
}

fn links(secrets: &str) -> Links {
    Links::new(&settings(), &secrets.to_owned().into())
}

fn bearer() -> Bearer {
    Bearer {
        customer_id: "客户/7&\u{1F382}".into(),
        channel: "email".into(),
        purpose: "marketing".into(),
        topic: "birthday".into(),
        message: Uuid::from_u128(7),
        address: [9; 32],
        expires: None,
    }
}

fn token(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
}

#[test]
fn a_link_gives_back_what_it_was_made_of_and_never_expires() {
    let links = links(OLD);
    let unsubscribe = links.unsubscribe(&bearer());
    assert!(unsubscribe.url.starts_with("https://mail.shop.example/x/u/"), "{}", unsubscribe.url);
    assert_eq!(unsubscribe.header(), format!("<{}>", unsubscribe.url));
    assert!(token(&unsubscribe.url).bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    let far = instant("2126-01-01T00:00:00Z");
    assert_eq!(links.read(Purpose::Unsubscribe, token(&unsubscribe.url), far), Ok(bearer()));
    let preferences = links.preferences(&bearer());
    assert!(preferences.starts_with("https://mail.shop.example/x/p/"), "{preferences}");
    assert_eq!(links.read(Purpose::Preferences, token(&preferences), far), Ok(bearer()));
    assert_eq!(links.prefix(), "/x");
}

#[test]
fn a_link_for_a_key_that_is_too_long_still_tells_the_address() {
    let made = Bearer { customer_id: "客".repeat(100), ..bearer() };
    let url = links(OLD).unsubscribe(&made).url;
    let now = instant("2026-06-01T00:00:00Z");
    let read = links(OLD).read(Purpose::Unsubscribe, token(&url), now).unwrap();
    assert_eq!((read.customer_id, read.address), ("客".repeat(85), made.address));
}

#[test]
fn forged_garbled_expired_and_misused_links_are_refused_with_one_word() {
    let links = links(OLD);
    let now = instant("2026-06-01T00:00:00Z");
    let good = token(&links.unsubscribe(&bearer()).url).to_owned();
    let said = |token: &str| links.read(Purpose::Unsubscribe, token, now).map_err(|error| error.to_string());
    assert!(said(&good).is_ok());
    let refused = Err("the link is not valid".to_owned());
    for at in 0..good.len() {
        for other in [b'A', b'_', b'!', b'='] {
            let mut bytes = good.clone().into_bytes();
            if bytes[at] != other {
                bytes[at] = other;
                assert_eq!(said(std::str::from_utf8(&bytes).unwrap()), refused, "character {at}");
            }
        }
        assert_eq!(said(&good[..at]), refused, "cut at {at}");
    }
    for garbled in ["", "x", "%00", &"A".repeat(5_000), &format!("{good}A"), &format!(" {good}")] {
        assert_eq!(said(garbled), refused, "{garbled:.20}");
    }
    assert!(links.read(Purpose::Preferences, &good, now).is_err(), "made for something else");
    let expiring = Bearer { expires: Some(now), ..bearer() };
    let expired = token(&links.unsubscribe(&expiring).url).to_owned();
    assert_eq!(said(&expired), refused);
    let before = now - chrono::TimeDelta::seconds(1);
    assert_eq!(links.read(Purpose::Unsubscribe, &expired, before), Ok(expiring));
}

#[test]
fn a_link_to_answer_is_short_names_its_message_and_is_worth_nothing_when_a_letter_changes() {
    let links = links(OLD);
    let asked = Asked { message: Uuid::from_u128(7), expires: instant("2026-07-01T00:00:00Z") };
    let good = token(&links.answer(asked)).to_owned();
    assert_eq!(good.len(), 51, "a text message carries it");
    assert_eq!(links.asked(&good), Ok(asked));
    for at in 0..good.len() {
        for other in [b'A', b'_', b'!'] {
            let mut bytes = good.clone().into_bytes();
            if bytes[at] != other {
                bytes[at] = other;
                assert!(links.asked(std::str::from_utf8(&bytes).unwrap()).is_err(), "character {at}");
            }
        }
        assert!(links.asked(&good[..at]).is_err(), "cut at {at}");
    }
    let now = instant("2026-06-01T00:00:00Z");
    assert!(
        links.read(Purpose::Unsubscribe, &good, now).is_err() && links.read(Purpose::Preferences, &good, now).is_err()
    );
    assert!(links.asked(token(&links.unsubscribe(&bearer()).url)).is_err(), "made for something else");
    assert!(links.asked(token(&links.preferences(&bearer()))).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_asks_shows_links_with_each_score_that_work_for_as_long_as_the_file_says() {
    let world = owing(1).await;
    let mail = "<mjml><mj-head><mj-title>{{ survey.question }}</mj-title></mj-head><mj-body><mj-section><mj-column>\
                <mj-text>{% for link in survey.links %}<a href=\"{{ link.url }}\">{{ link.score }}</a> {% endfor %}</mj-text>\
                </mj-column></mj-section></mj-body></mjml>";
    let asks = r#"{ "kind": "csat", "question": { "en": "How was it?", "zh-CN": "如何？" }, "reasons": [], "comment": false,
                    "link_ttl_secs": 86400, "on_answer": [] }"#;
    world
        .sql(&format!(
            "update tend.template set body = $t${mail}$t$ where hash = repeat('1', 64);
             update tend.spec set asks = $t${asks}$t$"
        ))
        .await;
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(&[("mail", &format!("kind = \"recording\"\nfolder = {:?}", dir.path()))]);
    let links = links(OLD);
    options.links = Some(links.clone());
    dispatcher(&world, options).drain_once().await.unwrap();
    let id = world.value("select public_id from tend.outbox").await;
    let raw = std::fs::read(dir.path().join(format!("{id}.eml"))).unwrap();
    let mail = mail_parser::MessageParser::default().parse(&raw).unwrap();
    assert_eq!(mail.subject(), Some("How was it?"));
    let html = mail.body_html(0).unwrap();
    let urls: Vec<&str> = html
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|url| url.contains("/s/"))
        .collect();
    assert_eq!(urls.len(), 5, "{html}");
    for (url, score) in urls.iter().zip(1..) {
        let (link, chosen) = url.split_once("?a=").unwrap();
        assert_eq!(chosen, score.to_string());
        let asked = links.asked(token(link)).unwrap();
        assert_eq!((asked.message.to_string(), asked.expires), (id.clone(), instant("2026-06-02T00:00:00Z")));
    }
    assert!(mail.body_text(0).unwrap().contains("/s/"), "who reads plain text can answer too");
}

#[test]
fn a_new_secret_signs_and_the_old_one_is_still_good_until_it_is_taken_away() {
    let now = instant("2026-06-01T00:00:00Z");
    let old = token(&links(OLD).unsubscribe(&bearer()).url).to_owned();
    let both = links(&format!("{NEW}\n{OLD}\n"));
    assert!(both.read(Purpose::Unsubscribe, &old, now).is_ok());
    let new = token(&both.unsubscribe(&bearer()).url).to_owned();
    assert_ne!(old, new);
    assert!(links(NEW).read(Purpose::Unsubscribe, &new, now).is_ok());
    assert!(links(NEW).read(Purpose::Unsubscribe, &old, now).is_err());
    assert!(links("").read(Purpose::Unsubscribe, &old, now).is_err(), "no secret, no link");
}

#[tokio::test]
async fn an_installation_without_a_secret_makes_one_and_keeps_it() {
    let world = World::new().await;
    let settings = settings();
    let (one, two) = tokio::join!(Links::open(world.pool(), &settings), Links::open(world.pool(), &settings));
    let url = one.unwrap().unsubscribe(&bearer()).url;
    assert_eq!(two.unwrap().unsubscribe(&bearer()).url, url);
    assert_eq!(Links::open(world.pool(), &settings).await.unwrap().unsubscribe(&bearer()).url, url);
    assert_eq!(world.value("select count(*) from tend.link_secret").await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn marketing_and_service_mails_carry_both_headers_and_transactional_ones_none() {
    let world = owing(3).await;
    world
        .sql(
            "update tend.outbox set purpose = 'service' where customer_id = 'c2';
             update tend.outbox set purpose = 'transactional' where customer_id = 'c3'",
        )
        .await;
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(&[("mail", &format!("kind = \"recording\"\nfolder = {:?}", dir.path()))]);
    let mailto = PublicSettings { unsubscribe_mailto: Some("stop@shop.example".into()), ..settings() };
    let links = Links::new(&mailto, &OLD.to_owned().into());
    options.links = Some(links.clone());
    dispatcher(&world, options).drain_once().await.unwrap();
    for (customer, headed) in [("c1", true), ("c2", true), ("c3", false)] {
        let id = world.value(&format!("select public_id from tend.outbox where customer_id = '{customer}'")).await;
        let mail = std::fs::read_to_string(dir.path().join(format!("{id}.eml"))).unwrap();
        let header = |name: &str| {
            let mut lines = mail.split("\r\n\r\n").next().unwrap().lines();
            lines.find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned))
        };
        assert_eq!(header("List-Unsubscribe-Post").as_deref(), headed.then_some("List-Unsubscribe=One-Click"));
        let Some(value) = header("List-Unsubscribe") else {
            assert!(!headed);
            continue;
        };
        let (https, mailto) = value.split_once(", ").unwrap();
        let url = https.strip_prefix('<').unwrap().strip_suffix('>').unwrap();
        assert!(mailto.starts_with("<mailto:stop@shop.example?subject=unsubscribe%20"), "{mailto}");
        let bearer = links.read(Purpose::Unsubscribe, token(url), instant("2026-06-01T00:00:00Z")).unwrap();
        assert_eq!((bearer.customer_id.as_str(), bearer.topic.as_str()), (customer, "birthday"));
        assert_eq!(bearer.message.to_string(), id);
        let key: Vec<String> = bearer.address.iter().map(|byte| format!("{byte:02x}")).collect();
        let known = format!("select tend.address_key('email', '{customer}@example.com')");
        assert_eq!(key.concat(), world.value(&known).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_comes_after_planning_is_honoured_at_the_moment_of_sending() {
    let world = owing(7).await;
    world
        .sql(
            "update tend.outbox set purpose = 'transactional' where customer_id = 'c5';
             update tend.outbox set consent = 'granted' where customer_id in ('c6', 'c7');
             insert into crm.consent values ('c6', 'email', 'marketing', '2026-05-01Z', false), ('c7', 'email', 'marketing', '2026-05-31Z', false);
             insert into tend.choice (customer_id, channel, address_key, purpose, topic, granted, at, source) values
                 ('c1', 'email', null, 'marketing', '', false, '2026-05-30Z', 'one_click'),
                 ('c2', 'email', null, 'marketing', 'birthday', false, '2026-05-30Z', 'page'),
                 ('x', 'email', tend.address_key('email', 'c3@example.com'), 'marketing', '', false, '2026-05-30Z', 'page'),
                 ('c4', 'email', null, 'marketing', 'festivals', false, '2026-05-30Z', 'page'),
                 ('c4', 'sms', null, 'marketing', '', false, '2026-05-30Z', 'page'),
                 ('c5', 'email', null, 'marketing', '', false, '2026-05-30Z', 'page'),
                 ('c6', 'email', null, 'marketing', 'birthday', true, '2026-05-30Z', 'page'),
                 ('c7', 'email', null, 'marketing', 'birthday', true, '2026-05-30Z', 'page')",
        )
        .await;
    let dir = tempfile::tempdir().unwrap();
    let options = options(&[("mail", &format!("kind = \"recording\"\nfolder = {:?}", dir.path()))]);
    dispatcher(&world, options).drain_once().await.unwrap();
    let fates = world.rows("select customer_id, state, state_reason from tend.outbox order by customer_id").await;
    assert_eq!(
        fates,
        [
            "c1\tcancelled\tthe customer unsubscribed",
            "c2\tcancelled\tthe customer unsubscribed",
            "c3\tcancelled\tthe customer unsubscribed",
            "c4\taccepted\tnull",
            "c5\taccepted\tnull",
            "c6\taccepted\tnull",
            "c7\tcancelled\tconsent was withdrawn",
        ]
    );
}
