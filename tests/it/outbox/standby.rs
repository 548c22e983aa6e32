//! A base backup of a running server, started as a standby and promoted.

use std::path::{Path, PathBuf};
use std::process::Command;

use sqlx::PgConnection;
use tend::db::embedded::PrivatePostgres;

use crate::support::server::launch;

/// A server on the copy.
pub struct Standby(PrivatePostgres);

impl Standby {
    /// Copies the files of the server behind the connection to `dir`, and brings the copy up on a new timeline.
    pub async fn of(conn: &mut PgConnection, data: &Path, dir: &Path) -> Self {
        open(dir);
        let home = dir.join("postgres");
        std::fs::create_dir(&home).unwrap();
        give(data, &home);
        sqlx::query("select pg_backup_start('tend', true)::text").execute(&mut *conn).await.unwrap();
        copy(data, &home.join("data"));
        let label: String =
            sqlx::query_scalar("select labelfile from pg_backup_stop(false)").fetch_one(&mut *conn).await.unwrap();
        // what was written since the copy began
        let wal = |of: &Path| -> PathBuf { of.join("pg_wal") };
        copy(&wal(data), &home.join("data"));
        let copied = home.join("data");
        let _ = std::fs::remove_file(copied.join("postmaster.pid"));
        write_as(data, &copied.join("backup_label"), &label);
        write_as(data, &copied.join("standby.signal"), "");
        let postgres = launch(&home)
            .parameter("restore_command", "false")
            .parameter("recovery_target", "immediate")
            .parameter("recovery_target_action", "promote")
            .start();
        Self(postgres.unwrap_or_else(|error| panic!("{error}")))
    }

    pub fn url(&self) -> String {
        self.0.url()
    }
}

/// With owners and modes, which the server insists on.
fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(done.success() || to.exists(), "cp {}", from.display());
}

/// A file that belongs to whom the others belong to.
fn write_as(like: &Path, path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    give(like, path);
}

fn give(like: &Path, path: &Path) {
    use std::os::unix::fs::MetadataExt;
    let meta = std::fs::metadata(like).unwrap();
    std::os::unix::fs::chown(path, Some(meta.uid()), Some(meta.gid())).unwrap();
}

fn open(dir: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).unwrap();
}
