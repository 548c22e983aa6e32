//! The connection breaks while a commit is under way: the engine finds out what became of it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tend::db::{Database, DatabaseSettings};
use tend::engine::Outcome;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};

use super::stage::{Act, Stage, Toy, pace};

/// What the wire does with the next commit.
const PASS: u8 = 0;
const CUT_BEFORE: u8 = 1;
const CUT_AFTER: u8 = 2;

/// A wire to the server that can be cut at a commit.
struct Wire {
    url: String,
    next_commit: Arc<AtomicU8>,
}

impl Wire {
    async fn to(url: &str) -> Self {
        let options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
        let socket = options.get_socket().expect("the tests' server listens on a socket").clone();
        let socket: PathBuf = socket.join(format!(".s.PGSQL.{}", options.get_port()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let next_commit = Arc::new(AtomicU8::new(PASS));
        tokio::spawn({
            let next_commit = Arc::clone(&next_commit);
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    let server = UnixStream::connect(&socket).await.unwrap();
                    tokio::spawn(carry(client, server, Arc::clone(&next_commit)));
                }
            }
        });
        let url = format!("postgres://{}@127.0.0.1:{port}/{}", options.get_username(), options.get_database().unwrap());
        Self { url, next_commit }
    }
}

async fn carry(mut client: TcpStream, mut server: UnixStream, next_commit: Arc<AtomicU8>) {
    let (mut there, mut back) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut there) => {
                let Ok(bytes @ 1..) = read else { return };
                let commit = there[..bytes].windows(6).any(|window| window == b"COMMIT");
                let fate = if commit { next_commit.swap(PASS, Ordering::SeqCst) } else { PASS };
                if fate == CUT_BEFORE || server.write_all(&there[..bytes]).await.is_err() {
                    return;
                }
                if fate == CUT_AFTER {
                    // The server has done it once it answers; the client never hears of it.
                    let _ = server.read(&mut back).await;
                    return;
                }
            }
            read = server.read(&mut back) => {
                let Ok(bytes @ 1..) = read else { return };
                if client.write_all(&back[..bytes]).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn cut(fate: u8, act: Act) -> (Stage, Vec<Outcome>) {
    let stage = Stage::new().await;
    stage.install("job", &Toy::new("0 2 * * *", act)).await;
    stage.at("2026-06-01T02:00:00Z").await;
    let wire = Wire::to(stage.world.url()).await;
    let db = Database::connect(&DatabaseSettings::new(wire.url.clone())).await.unwrap();
    let engine = stage.engine_on(db, pace());
    let run = tokio::spawn(async move { engine.pass_once().await.unwrap().outcomes });
    stage.at_work().await;
    wire.next_commit.store(fate, Ordering::SeqCst);
    stage.open(9).await;
    let outcomes = run.await.unwrap();
    assert_eq!(wire.next_commit.load(Ordering::SeqCst), PASS, "the wire was cut");
    (stage, outcomes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_went_through_unheard_is_not_done_again() {
    let (stage, outcomes) = cut(CUT_AFTER, Act::Gate(1)).await;
    assert_eq!(outcomes, [Outcome::Succeeded]);
    assert_eq!(stage.only_run().await, "succeeded\t1\t0\tnull");
    assert_eq!(stage.done("job").await, ["06-01 02:00\t1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_in_the_middle_whose_commit_went_through_unheard_is_followed_by_the_next() {
    let (stage, outcomes) = cut(CUT_AFTER, Act::Gate(2)).await;
    assert_eq!(outcomes, [Outcome::Succeeded]);
    assert_eq!(stage.world.value("select string_agg(step::text, ',' order by id) from toy.done").await, "1,2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_never_arrived_is_tried_again() {
    let (stage, outcomes) = cut(CUT_BEFORE, Act::Gate(1)).await;
    assert_eq!(outcomes, [Outcome::Retrying]);
    assert!(stage.done("job").await.is_empty());
    stage.at("2026-06-01T02:01:00Z").await;
    assert_eq!(stage.engine().pass_once().await.unwrap().outcomes, [Outcome::Succeeded]);
    assert_eq!(stage.done("job").await, ["06-01 02:00\t1"]);
}
