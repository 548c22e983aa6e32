//! What to try after the demo: commands that can be copied, as this one was called.

use std::path::{Path, PathBuf};

use chrono::NaiveDate;

use crate::cli::args::{Arguments, DemoArgs};

/// The call as it was made.
pub struct Call<'a> {
    /// Its arguments.
    pub arguments: &'a Arguments,
    /// Those of the demo.
    pub command: &'a DemoArgs,
    /// Where the private Postgres lies, if it is one.
    pub private: Option<PathBuf>,
    /// Where messages were put.
    pub folders: Vec<PathBuf>,
}

impl Call<'_> {
    /// Commands, each with what it shows; `serves` when the company has not got ahead of today.
    pub fn next(&self, day: NaiveDate, serves: bool) -> Vec<(String, String)> {
        let tend = self.program();
        let tomorrow = day.succ_opt().unwrap_or(day);
        let file = self.arguments.jobs.join("birthday.toml");
        let mut lines = vec![
            (self.again(&tend), "the next day of the same company".to_owned()),
            (
                format!("{tend} plan birthday --at {tomorrow}"),
                "who would get what tomorrow, and why others would not".to_owned(),
            ),
            (format!("{tend} plan value-tiers --at {tomorrow}"), "every move, with its reason".to_owned()),
            (
                format!("{tend} check"),
                format!("when the jobs run; after a mistake in {}, what is wrong and where", file.display()),
            ),
            (
                format!("{tend} task list"),
                "what people have to do: who is to be called, by whom, until when".to_owned(),
            ),
            (format!("{tend} status"), "jobs, runs, messages".to_owned()),
        ];
        if serves {
            lines.push((format!("{tend} serve"), "the daemon on the same database, from now on".to_owned()));
        }
        lines.extend(self.remove().map(|command| (command, "removes all of it".to_owned())));
        lines
    }

    /// The program as it was called, with the folders it was called with.
    fn program(&self) -> String {
        let mut words = vec![std::env::args_os().next().map_or_else(|| "tend".into(), PathBuf::from)];
        for (option, folder, usual) in
            [("--jobs", &self.arguments.jobs, "jobs"), ("--config", &self.arguments.config, "config")]
        {
            if folder != Path::new(usual) {
                words.extend([PathBuf::from(option), folder.clone()]);
            }
        }
        words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
    }

    fn again(&self, tend: &str) -> String {
        let mut text = format!("{tend} demo");
        for (option, number, usual) in
            [("--customers", u64::from(self.command.customers), 2_000), ("--seed", self.command.seed, 1)]
        {
            if number != usual {
                text.push_str(&format!(" {option} {number}"));
            }
        }
        text
    }

    /// How to get rid of it; none on a database that is not ours to remove.
    fn remove(&self) -> Option<String> {
        let private = self.private.as_ref()?;
        let makefile = std::fs::read_to_string("Makefile").unwrap_or_default();
        if makefile.lines().any(|line| line == "demo-clean:") {
            return Some("make demo-clean".to_owned());
        }
        let mut all = vec![private.clone()];
        all.extend(std::fs::read_link(private));
        all.extend(self.folders.iter().cloned());
        all.dedup();
        Some(format!("rm -r {}", all.iter().map(|path| quoted(path)).collect::<Vec<_>>().join(" ")))
    }
}

/// For a shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "-_./+:@".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_space_can_be_copied() {
        assert_eq!(quoted(Path::new("jobs/a.toml")), "jobs/a.toml");
        assert_eq!(quoted(Path::new("my jobs")), "'my jobs'");
        assert_eq!(quoted(Path::new("it's")), r"'it'\''s'");
    }
}
