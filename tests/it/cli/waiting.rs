//! `tend serve` while the database is just being restarted.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, UnixStream};

use super::bench;

/// A server that hangs up on so many, and then answers.
async fn hanging_up_on(first: usize, url: &str) -> (String, Arc<AtomicUsize>) {
    let options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
    let socket: PathBuf = options.get_socket().unwrap().join(format!(".s.PGSQL.{}", options.get_port()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            if counted.fetch_add(1, Ordering::SeqCst) >= first {
                let mut server = UnixStream::connect(&socket).await.unwrap();
                tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
            }
        }
    });
    let url = format!("postgres://{}@127.0.0.1:{port}/{}", options.get_username(), options.get_database().unwrap());
    (url, calls)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_waits_for_its_database_says_so_once_and_once_that_it_is_there() {
    let (world, mut bench) = bench().await;
    let (url, calls) = hanging_up_on(4, world.url()).await;
    bench.set("database.url", url).set("database.connect_timeout", "60s");
    let daemon = bench.serve("daemon");
    daemon.says("tend is at work").await;
    assert!(calls.load(Ordering::SeqCst) > 4);
    let log = daemon.log();
    let times = |what| log.matches(what).count();
    assert_eq!((times("waiting for the database: "), times("the database is there")), (1, 1), "{log}");
    assert!(daemon.stop(Duration::from_secs(15)).success());
}
