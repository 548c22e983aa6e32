//! An SMTP server that takes everything, as fast as it can, in a process of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The process.
pub struct Sink {
    child: Child,
    port: u16,
}

impl Sink {
    pub fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this file"))
            .arg("--sink")
            .stdout(Stdio::piped())
            .spawn()
            .expect("a sink");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("piped")).read_line(&mut line).expect("a port");
        Self { child, port: line.trim().parse().expect("a port") }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Mails taken so far.
    pub fn count(&self) -> String {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", self.port)).expect("the sink");
        stream.write_all(b"COUNT\r\n").expect("the sink");
        let mut text = String::new();
        let _ = stream.read_to_string(&mut text);
        text.lines().last().unwrap_or_default().to_owned()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

static TAKEN: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

/// What the process does.
pub fn serve() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("{}", listener.local_addr().expect("a port").port());
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(talk(stream));
        }
    });
}

async fn talk(mut stream: TcpStream) -> std::io::Result<()> {
    use std::sync::atomic::Ordering::Relaxed;
    stream.set_nodelay(true)?;
    stream.write_all(b"220 sink\r\n").await?;
    let mut held: Vec<u8> = Vec::with_capacity(32 * 1024);
    let (mut in_data, mut from) = (false, 0);
    loop {
        if stream.read_buf(&mut held).await? == 0 {
            return Ok(());
        }
        loop {
            let end: &[u8] = if in_data { b"\r\n.\r\n" } else { b"\r\n" };
            let Some(at) = find(&held, end, from) else {
                from = held.len().saturating_sub(4);
                break;
            };
            let answer: &[u8] = match held.get(..4) {
                _ if in_data => {
                    in_data = false;
                    TAKEN.fetch_add(1, Relaxed);
                    b"250 taken\r\n"
                }
                Some(b"EHLO") => b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
                Some(b"DATA") => {
                    in_data = true;
                    b"354 go on\r\n"
                }
                Some(b"COUN") => {
                    return stream.write_all(format!("{}\r\n", TAKEN.load(Relaxed)).as_bytes()).await;
                }
                Some(b"QUIT") => return stream.write_all(b"221 bye\r\n").await,
                _ => b"250 ok\r\n",
            };
            held.drain(..at + end.len());
            from = 0;
            stream.write_all(answer).await?;
        }
    }
}

fn find(held: &[u8], end: &[u8], from: usize) -> Option<usize> {
    held[from.min(held.len())..].windows(end.len()).position(|window| window == end).map(|at| at + from)
}
