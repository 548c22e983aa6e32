//! Where the server's programs are.

use std::path::{Path, PathBuf};

use super::EmbeddedError;

/// The programs of one Postgres.
#[derive(Debug, Clone)]
pub struct Programs {
    /// Makes a data directory.
    pub initdb: PathBuf,
    /// The server.
    pub postgres: PathBuf,
}

impl Programs {
    /// The named folder, else the first on `PATH`, else the newest in the places distributions use.
    ///
    /// # Errors
    /// When there are none; the message names the package to install.
    pub fn find(named: Option<&Path>) -> Result<Self, EmbeddedError> {
        let looked = match named {
            Some(folder) => vec![folder.to_path_buf()],
            None => places(),
        };
        looked.iter().find_map(|folder| Self::below(folder)).ok_or_else(|| EmbeddedError::NoPrograms {
            looked: looked.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", "),
        })
    }

    /// Links are resolved first: `PATH` often has links to some of the programs only.
    fn below(folder: &Path) -> Option<Self> {
        let initdb = folder.join("initdb").canonicalize().ok()?;
        let postgres = initdb.with_file_name("postgres");
        postgres.is_file().then_some(Self { initdb, postgres })
    }
}

#[expect(clippy::disallowed_methods, reason = "PATH says where programs are; it is no setting of tend")]
fn places() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    places.extend(newest_first("/usr/lib/postgresql", |name| name.parse().ok()));
    places.extend(newest_first("/usr", |name| name.strip_prefix("pgsql-")?.parse().ok()));
    places
}

fn newest_first(parent: &str, version: impl Fn(&str) -> Option<u32>) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> =
        entries.filter_map(|entry| Some((version(entry.file_name().to_str()?)?, entry.path().join("bin")))).collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_programs_is_named_together_with_the_package_to_install() {
        let error = Programs::find(Some(Path::new("/nowhere"))).unwrap_err().to_string();
        assert!(error.contains("/nowhere"), "{error}");
        assert!(error.contains("apt-get install postgresql"), "{error}");
    }
}
