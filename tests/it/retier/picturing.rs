//! Reports as pages: the flow picture keeps its box and its widths, and a page shows what it is given and runs nothing.

use proptest::prelude::*;
use tend::jobs::page::flow::{self, Link, Picture, Way, draw};

use super::*;

/// Names of levels and who goes from where to where.
fn flows() -> impl Strategy<Value = (Vec<String>, Vec<String>, Vec<Link>)> {
    let customers = prop_oneof![3 => 0..4_i64, 2 => 0..5_000_i64, 1 => 0..3_000_000_i64];
    (1..9_usize, 1..9_usize, any::<bool>()).prop_flat_map(move |(left, right, chinese)| {
        let name = move |at: usize| {
            if chinese { format!("高价值客户中的高价值客户{at}") } else { format!("L{at}") }
        };
        let names = (0..left).map(name).collect::<Vec<_>>();
        let others = (0..right).map(name).collect::<Vec<_>>();
        proptest::collection::vec(customers.clone(), left * right).prop_map(move |all| {
            let links = all.iter().enumerate().map(|(at, customers)| {
                let (from, to) = (at / right, at % right);
                let way = match from.cmp(&to) {
                    std::cmp::Ordering::Less => Way::Down,
                    std::cmp::Ordering::Equal => Way::Stay,
                    std::cmp::Ordering::Greater => Way::Up,
                };
                Link { from, to, customers: *customers, way }
            });
            (names.clone(), others.clone(), links.collect())
        })
    })
}

fn inside(picture: &Picture) {
    let tiny = 0.02;
    for bar in picture.left.iter().chain(&picture.right) {
        assert!(bar.y >= 0.0 && bar.y + bar.height <= picture.height + tiny, "{bar:?}");
        assert!(bar.label_y >= 18.0 && bar.label_y + 18.0 <= picture.height, "{bar:?}");
        assert!((0.0..=picture.width).contains(&bar.x) && (0.0..=picture.width).contains(&bar.label_x));
        assert!(unicode_width::UnicodeWidthStr::width(bar.label.as_str()) <= 24, "{bar:?}");
    }
    for side in [&picture.left, &picture.right] {
        for pair in side.windows(2) {
            assert!(pair[0].y + pair[0].height < pair[1].y + tiny, "bars lie below each other");
            assert!(pair[1].label_y - pair[0].label_y >= 38.0, "labels do not touch");
        }
    }
    for band in &picture.bands {
        assert!(band.height > 0.0 && band.from_y >= 0.0 && band.to_y >= 0.0);
        assert!(band.from_y.max(band.to_y) + band.height <= picture.height + tiny, "{band:?}");
        if let Some(number) = &band.number {
            assert!((230.0..=730.0).contains(&number.x) && (0.0..=picture.height).contains(&number.y), "{number:?}");
        }
    }
}

proptest! {
    #[test]
    fn bands_add_up_to_their_bars_and_nothing_leaves_the_box((left, right, links) in flows()) {
        let total: i64 = links.iter().map(|link| link.customers).sum();
        let Some(picture) = draw(&left, &right, &links) else {
            prop_assert_eq!(total, 0);
            return Ok(());
        };
        inside(&picture);
        let close = |one: f64, other: f64| (one - other).abs() < 0.001;
        let all: f64 = picture.bands.iter().map(|band| band.height).sum();
        for (bars, at_left) in [(&picture.left, true), (&picture.right, false)] {
            prop_assert!(close(bars.iter().map(|bar| bar.height).sum(), all));
            for (at, bar) in bars.iter().enumerate() {
                let customers: i64 = links.iter().filter(|link| if at_left { link.from == at } else { link.to == at })
                    .map(|link| link.customers).sum();
                prop_assert!(close(bar.height / all, customers as f64 / total as f64), "as wide as they are many");
                let mut ends: Vec<(f64, f64)> = picture.bands.iter()
                    .map(|band| (if at_left { band.from_y } else { band.to_y }, band.height))
                    .filter(|(y, height)| *y + height / 2.0 > bar.y && *y + height / 2.0 < bar.y + bar.height)
                    .collect();
                ends.sort_by(|one, other| one.0.total_cmp(&other.0));
                let mut next = bar.y;
                for (y, height) in ends {
                    prop_assert!(close(y, next), "bands at a bar leave no gap and do not overlap");
                    next = y + height;
                }
                prop_assert!(close(next, bar.y + bar.height));
            }
        }
        prop_assert_eq!(picture.bands.len(), links.iter().filter(|link| link.customers > 0).count());
    }
}

#[test]
fn shares_are_told_as_people_would() {
    let told = [(0, 9), (9, 9), (1, 3), (1, 20), (1, 3_000_000), (2_999_999, 3_000_000), (0, 0)];
    assert_eq!(
        told.map(|(part, all)| flow::share(part, all)),
        ["0%", "100%", "33%", "5.0%", "< 0.1%", "> 99.9%", "0%"]
    );
}

fn page(explained: &Explained) -> &str {
    explained.html.as_deref().expect("ladders have a page")
}

/// A page needs nothing else and can run nothing.
fn stands_alone(html: &str) {
    for never in ["<script", "javascript:", "<link", "src=", "url(", "@import", "http:", "https:", " onload", "<iframe"]
    {
        assert!(!html.contains(never), "{never} in {html}");
    }
    assert!(html.contains("default-src 'none'"), "the page forbids itself all requests");
    assert!(!html.contains("NaN") && !html.contains("inf"), "every figure is one");
}

#[tokio::test]
async fn whatever_customers_and_levels_are_called_is_text_on_the_page() {
    let world = World::new().await;
    let job = ladder(
        "[[retier.level]]\nname = \"<script>alert('l')</script>\"\ntitle = \"<img src=x> & \\\"co\\\"\"\n\
         when = { field = \"spend\", at_least = 1000 }\n[[retier.level]]\nname = \"普通\"\n",
    );
    customers(&world, &["a", "b"]).await;
    world
        .sql("update crm.customer set customer_id = '<b>a', name = '<script>alert(1)</script>' where customer_id = 'a'")
        .await;
    orders(&world, &[("<b>a", 10, "2000"), ("b", 10, "5")]).await;
    let explained = preview(&world, &job, &run(1, "2026-06-01T00:00:00Z")).await;
    let html = page(&explained);
    assert!(html.contains("&lt;script&gt;alert(1)&lt;&#x2f;script&gt;"), "{html}");
    assert!(html.contains("&lt;b&gt;a"));
    assert!(html.contains("&lt;img src=x&gt;") && !html.contains("<img"));
    stands_alone(&html.replace("&lt;img src=x", ""));
}

/// What of a page is not its style, a line a line.
fn body(html: &str) -> String {
    let content = html.split_once("<body>").unwrap().1;
    content.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_page_shows_where_customers_go_in_any_script() {
    let world = World::new().await;
    let job = ladder(
        "[[retier.level]]\nname = \"high\"\ntitle = \"高价值客户\"\nwhen = { field = \"spend\", top = \"20%\" }\n\
         [[retier.level]]\nname = \"mid\"\ntitle = \"中等客户\"\nwhen = { field = \"spend\", at_least = 100 }\n\
         [[retier.level]]\nname = \"普通\"\n",
    );
    customers(&world, &["a", "b", "c", "d", "e", "f"]).await;
    world.sql("update crm.customer set name = '欧阳娜娜' where customer_id = 'a'").await;
    orders(&world, &[("a", 300, "1000"), ("b", 360, "2000"), ("c", 50, "300"), ("d", 40, "90")]).await;
    evaluate(&world, &job, &run(1, "2026-06-01T00:00:00Z")).await.unwrap();
    orders(&world, &[("a", -1, "9000"), ("d", -1, "15.50")]).await;
    world.sql("delete from crm.customer where customer_id = 'f'").await;
    world.sql("insert into crm.customer (customer_id, name) values ('g', 'Новый клиент')").await;
    let moved = preview(&world, &job, &run(2, "2026-06-05T00:00:00Z")).await;
    stands_alone(page(&moved));
    insta::assert_snapshot!("page", body(page(&moved)));
}

#[tokio::test]
async fn a_company_without_customers_and_eight_levels_have_pages_too() {
    let world = World::new().await;
    let levels: String = (1..8)
        .map(|n| {
            format!("[[retier.level]]\nname = \"l{n}\"\nwhen = {{ field = \"spend\", at_least = {} }}\n", 900 - 100 * n)
        })
        .collect();
    let job = ladder(&format!("{levels}[[retier.level]]\nname = \"rest\"\n"));
    let empty = preview(&world, &job, &run(1, "2026-06-01T00:00:00Z")).await;
    stands_alone(page(&empty));
    assert!(page(&empty).contains("There are no customers.") && !page(&empty).contains("<svg"));
    let ids: Vec<String> = (0..40).map(|n| format!("c{n}")).collect();
    customers(&world, &ids.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for (n, id) in ids.iter().enumerate() {
        orders(&world, &[(id, 10, &format!("{}", n * 25))]).await;
    }
    let first = preview(&world, &job, &run(1, "2026-06-01T00:00:00Z")).await;
    stands_alone(page(&first));
    assert_eq!(page(&first).matches("<path class=\"band new\"").count(), 8, "all eight levels get somebody");
}
