//! A real HTTP receiver for tests: answers what it is told, records what it gets.
#![allow(dead_code, reason = "each topic uses what it needs")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A call it got.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: String,
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

/// What it does with a call.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Status line, further headers, body.
    Say(&'static str, Vec<(&'static str, String)>, &'static str),
    /// Nothing, for that long; then it closes.
    Stall(Duration),
    /// Closes after reading.
    Close,
}

/// A running receiver; stops when dropped.
pub struct HttpServer {
    address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

/// Says what becomes of a call.
type Decide = Box<dyn Fn(&Call) -> Reply + Send + Sync>;

struct State {
    calls: Mutex<Vec<Call>>,
    reply: Mutex<Reply>,
    decide: Option<Decide>,
}

impl HttpServer {
    /// Answers 200 and `{"ok":true}` until told otherwise.
    pub async fn start() -> Self {
        Self::open(None).await
    }

    /// Answers each call as it is told, and keeps none.
    pub async fn with(decide: impl Fn(&Call) -> Reply + Send + Sync + 'static) -> Self {
        Self::open(Some(Box::new(decide))).await
    }

    async fn open(decide: Option<Decide>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            calls: Mutex::default(),
            reply: Mutex::new(Reply::Say("200 OK", vec![], "{\"ok\":true}")),
            decide,
        });
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { address, state, task }
    }

    pub fn url(&self) -> String {
        format!("http://{}/send", self.address)
    }

    pub fn answers(&self, reply: Reply) {
        *self.state.reply.lock().unwrap() = reply;
    }

    pub fn calls(&self) -> Vec<Call> {
        self.state.calls.lock().unwrap().clone()
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, state: Arc<State>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut first = String::new();
        if stream.read_line(&mut first).await? == 0 {
            return Ok(());
        }
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_ascii_lowercase(), value.to_owned());
        }
        let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let mut words = first.split(' ');
        let call = Call {
            method: words.next().unwrap_or_default().to_owned(),
            path: words.next().unwrap_or_default().to_owned(),
            headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        let reply = match &state.decide {
            Some(decide) => decide(&call),
            None => {
                state.calls.lock().unwrap().push(call);
                state.reply.lock().unwrap().clone()
            }
        };
        match reply {
            Reply::Close => return Ok(()),
            Reply::Stall(time) => {
                tokio::time::sleep(time).await;
                return Ok(());
            }
            Reply::Say(status, headers, body) => {
                let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
                let text = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len());
                stream.write_all(text.as_bytes()).await?;
            }
        }
    }
}
