//! What is said about triggers that are wrong.

use super::super::plan::said_of;

#[test]
fn every_mistake_in_a_trigger_is_told_with_what_was_meant() {
    let slips = [
        "on = \"anniversary\"\nfield = \"first_ordr\"\noffset = \"-3d\"\nfeb_29 = \"feb_28\"",
        "on = \"anniversary\"\nfield = \"first_order\"\noffset = \"-3d\"",
        "on = \"anniversary\"\nfield = \"first_order\"\nfeb_29 = \"feb_28\"",
        "on = \"anniversary\"\nfield = \"attributes.\"\noffset = \"-3d\"\nfeb_29 = \"feb_28\"",
        "on = \"anniversary\"\nfield = \"first_order\"\noffset = \"-3d\"\nfeb_29 = \"feb_28\"\nlunar_leap = \"plain_month\"",
        "on = \"anniversary\"\nfield = \"first_order\"\noffset = \"-3d\"\nfeb_29 = \"feb_28\"\nyears = { at_least = 0, milestones = [\"a\", 200] }",
        "on = \"anniversary\"\nfield = \"first_order\"\noffset = \"-3d\"\nfeb_29 = \"feb_28\"\nyears = { milestones = [], mielstones = 1 }",
        "on = \"inactivity\"",
        "on = \"inactivity\"\nof = [\"orders\"]\nafter = \"180d\"",
        "on = \"inactivity\"\nof = []\nafter = \"12h\"\nfirst_seen = \"90d\"",
        "on = \"inactivity\"\nof = [\"order\"]\nafter = \"14d\"\nfirst_seen = \"14d\"",
        "on = \"holiday\"\noffset = \"-3d\"",
        "on = \"holiday\"\noffset = \"-3d\"\ndays = []",
        "on = \"holiday\"\ndays = [{ name = \"mid_autumn\" }]",
        "on = \"holiday\"\noffset = \"-3d\"\ndays = [{ name = \"midautumn\" }]",
        "on = \"holiday\"\noffset = \"-3d\"\ndays = [{ name = \"x\", calendar = \"solar\", month = 2, day = 30, title = \"x\" }]",
        "on = \"holiday\"\noffset = \"-3d\"\ndays = [{ name = \"x\", calendar = \"lunar\", month = 12, day = 30, title = \"x\" }]",
        "on = \"holiday\"\noffset = \"-3d\"\ndays = [{ name = \"x\", month = 13 }]",
        "on = \"holiday\"\noffset = \"-3d\"\ndays = [{ name = \"x\", calendar = \"solar\", month = 2, day = 3, title = { zh = \"x\" } }]",
        "on = \"holiday\"\noffset = \"-3x\"\ndays = [{ name = \"laba\" }, { name = \"laba\" }]",
        "on = \"event\"",
        "on = \"event\"\nevent = \"veiw\"",
        "on = \"event\"\nevent = \"view\"\ncount = 3",
        "on = \"event\"\nevent = \"view\"\nkind = \"x\"\nwithin = \"90d\"\ncount = 0",
        "on = \"event\"\nevent = \"interaction\"\nsame = \"product\"\nproduct = \"P1\"\nkind = []",
        "on = \"event\"\nevent = \"order\"\nwithout = { event = \"order\" }",
        "on = \"event\"\nevent = \"order\"\nwithout = { evnt = \"order\" }\nexpire_after = \"90d\"",
        "on = \"habit\"",
        "on = \"habit\"\nahead = \"2h\"",
        "on = \"habit\"\nahead = \"48h\"\nmin_orders = 1\nshare = \"150%\"\nwithin = \"7d\"",
        "on = \"schedule\"\nagain_after = \"12h\"\nexpire_after = \"90d\"\nevery = 1",
        "on = \"birthday\"",
    ];
    let said: Vec<_> = slips
        .iter()
        .map(|slip| format!("{}\n  {}", slip.replace('\n', "⏎"), said_of(slip).replace("; ", "\n  ")))
        .collect();
    insta::assert_snapshot!(said.join("\n"));
}
