//! Job files: what is refused and how it is said, what is applied, what is followed.

mod apply;
mod broken;
mod check;
mod follow;
mod schema;

use std::path::Path;

use tend::jobfile::folder::{Folder, read_folder};
use tend::jobs::KINDS;

/// A ladder that is right, with a title and a window to vary.
pub fn ladder(title: &str, cron: &str) -> String {
    format!(
        "title = \"{title}\"\n\n[schedule]\ncron = \"{cron}\"\ntimezone = \"Asia/Shanghai\"\n\n[retier]\nwindow = \"365d\"\n\n\
         [[retier.level]]\nname = \"high\"\nwhen = {{ field = \"spend\", at_least = 1000 }}\n\n[[retier.level]]\nname = \"normal\"\n"
    )
}

pub fn write(dir: &Path, job: &str, text: &str) {
    std::fs::write(dir.join(format!("{job}.toml")), text).unwrap();
}

pub fn read(dir: &Path) -> Folder {
    read_folder(dir, KINDS).unwrap_or_else(|problems| panic!("{problems}"))
}
