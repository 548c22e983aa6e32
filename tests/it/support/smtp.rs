//! A real SMTP server for tests: takes mail, records it, and misbehaves by recipient.
//!
//! The local part of the recipient says what happens: `grey`, `refuse-450`, `refuse-550`, `refuse-421` answer RCPT with that code,
//! `after-450` and `after-550` answer the message with it, `drop-mid` closes inside DATA, `drop-after` closes after the
//! final dot without a word (the mail is recorded: the server has it), `stall` says nothing after the final dot, `slow`
//! takes 30 ms, `weary` half of that before DATA and half after the final dot. Anything else is taken. With `once-` in front
//! it happens to the first mail to that address only.
#![allow(dead_code, reason = "each topic uses what it needs")]

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// A mail the server took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub message_id: String,
    pub to: String,
    pub text: String,
}

/// How the server speaks.
#[derive(Clone, Default)]
pub struct Manners {
    /// The only login it takes, `user:password`.
    pub login: Option<String>,
    /// Encrypts, from the first byte or by STARTTLS.
    pub tls: Option<(TlsAcceptor, Encryption)>,
    /// Does not offer PIPELINING.
    pub one_by_one: bool,
    /// Bytes of the largest mail it takes, which it says in EHLO.
    pub size: Option<usize>,
    /// Mails of one connection; then it closes silently.
    pub mails_per_connection: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    FirstByte,
    Starttls,
}

/// A running server; stops when dropped.
pub struct SmtpServer {
    address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

struct State {
    manners: Manners,
    mails: Mutex<Vec<Mail>>,
    connections: AtomicUsize,
    busy: AtomicBool,
    /// Addresses whose `once-` fault has happened.
    passed: Mutex<HashSet<String>>,
}

impl State {
    /// What happens to a mail to this address.
    fn fault<'a>(&self, address: &'a str) -> &'a str {
        let fault = address.split('@').next().unwrap_or_default().split('+').next().unwrap_or_default();
        match fault.strip_prefix("once-") {
            Some(_) if self.passed.lock().unwrap().contains(address) => "",
            Some(fault) => fault,
            None => fault,
        }
    }

    fn passed(&self, address: &str) {
        if address.starts_with("once-") {
            self.passed.lock().unwrap().insert(address.to_owned());
        }
    }
}

impl SmtpServer {
    pub async fn start() -> Self {
        Self::with(Manners::default()).await
    }

    pub async fn with(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            manners,
            mails: Mutex::default(),
            connections: AtomicUsize::new(0),
            busy: AtomicBool::new(false),
            passed: Mutex::default(),
        });
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, SeqCst);
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { address, state, task }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Everything taken so far.
    pub fn mails(&self) -> Vec<Mail> {
        self.state.mails.lock().unwrap().clone()
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        self.state.connections.load(SeqCst)
    }

    /// Greets with 421 from now on, or not any more.
    pub fn busy(&self, busy: bool) {
        self.state.busy.store(busy, SeqCst);
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

async fn serve(stream: TcpStream, state: Arc<State>) {
    stream.set_nodelay(true).unwrap();
    let _ = match state.manners.tls.clone() {
        Some((acceptor, Encryption::FirstByte)) => match acceptor.accept(stream).await {
            Ok(stream) => talk(Box::new(stream), &state, true).await,
            Err(_) => return,
        },
        _ => talk(Box::new(stream), &state, false).await,
    };
}

async fn talk(stream: Box<dyn Stream>, state: &State, mut encrypted: bool) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    if state.busy.load(SeqCst) {
        return say(&mut stream, "421 4.3.2 too busy\r\n").await;
    }
    say(&mut stream, "220 sink\r\n").await?;
    let (mut to, mut taken) = (String::new(), 0);
    let mut logged_in = state.manners.login.is_none();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" | "HELO" => ehlo(state, encrypted),
            "STARTTLS" => {
                let Some((acceptor, _)) = &state.manners.tls else { return Ok(()) };
                say(&mut stream, "220 go on\r\n").await?;
                let plain = std::mem::replace(
                    &mut stream,
                    BufReader::new(Box::new(tokio::io::join(tokio::io::empty(), tokio::io::sink()))),
                );
                stream = BufReader::new(Box::new(acceptor.accept(plain.into_inner()).await?));
                encrypted = true;
                continue;
            }
            "AUTH" => {
                logged_in = login_is_right(line, state.manners.login.as_deref());
                if logged_in { "235 ok\r\n" } else { "535 5.7.8 wrong password\r\n" }.to_owned()
            }
            "MAIL" if !logged_in => "530 5.7.0 login first\r\n".into(),
            "MAIL" | "RSET" => {
                to.clear();
                "250 ok\r\n".into()
            }
            "NOOP" => "250 ok\r\n".into(),
            "RCPT" => {
                let address = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                let fault = state.fault(&address);
                if fault.starts_with("refuse") || fault == "grey" {
                    state.passed(&address);
                }
                match fault {
                    "refuse-450" => format!("450 4.7.1 <{address}> you send too fast\r\n"),
                    "grey" => format!("450 4.2.0 <{address}> greylisted, come back later\r\n"),
                    "refuse-550" => format!("550 5.1.1 <{address}>: no such user\r\n"),
                    "refuse-421" => {
                        say(&mut stream, "421 4.7.0 too many mails\r\n").await?;
                        return Ok(());
                    }
                    kind => {
                        if kind == "weary" {
                            tokio::time::sleep(Duration::from_millis(15)).await;
                        }
                        to = address;
                        "250 ok\r\n".into()
                    }
                }
            }
            "DATA" if to.is_empty() => "503 5.5.1 no recipient\r\n".into(),
            "DATA" => {
                say(&mut stream, "354 go on\r\n").await?;
                let Some(answer) = message(&mut stream, &to, state).await? else { return Ok(()) };
                taken += 1;
                if state.manners.mails_per_connection == Some(taken) {
                    say(&mut stream, &answer).await?;
                    return Ok(());
                }
                answer
            }
            "QUIT" => {
                say(&mut stream, "221 bye\r\n").await?;
                return Ok(());
            }
            _ => "500 what\r\n".into(),
        };
        say(&mut stream, &answer).await?;
    }
}

fn ehlo(state: &State, encrypted: bool) -> String {
    let starttls = matches!(state.manners.tls, Some((_, Encryption::Starttls))) && !encrypted;
    let mut lines = vec!["sink", "8BITMIME", "SMTPUTF8"];
    if !state.manners.one_by_one {
        lines.push("PIPELINING");
    }
    if starttls {
        lines.push("STARTTLS");
    }
    if state.manners.login.is_some() {
        lines.push("AUTH PLAIN LOGIN");
    }
    let size = state.manners.size.map(|size| format!("SIZE {size}"));
    lines.extend(size.as_deref());
    let last = lines.len() - 1;
    lines.iter().enumerate().map(|(at, line)| format!("250{}{line}\r\n", if at == last { ' ' } else { '-' })).collect()
}

fn login_is_right(line: &str, login: Option<&str>) -> bool {
    use base64::Engine as _;
    let given = line.split(' ').nth(2).unwrap_or_default();
    let given = base64::engine::general_purpose::STANDARD.decode(given).unwrap_or_default();
    login.is_none_or(|login| given == format!("\0{}", login.replacen(':', "\0", 1)).into_bytes())
}

/// Reads the mail; none: the connection ends here.
async fn message(
    stream: &mut (impl AsyncBufRead + AsyncWrite + Unpin),
    to: &str,
    state: &State,
) -> std::io::Result<Option<String>> {
    let fault = state.fault(to);
    state.passed(to);
    let mut text = Vec::new();
    loop {
        let start = text.len();
        if stream.read_until(b'\n', &mut text).await? == 0 {
            return Ok(None);
        }
        if fault == "drop-mid" && text.len() > 100 {
            return Ok(None);
        }
        if &text[start..] == b".\r\n" {
            text.truncate(start);
            break;
        }
    }
    if let Some(code) = fault.strip_prefix("after-") {
        return Ok(Some(format!("{code} not this one\r\n")));
    }
    let text = String::from_utf8_lossy(&text).into_owned();
    let message_id = text.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap_or_default().to_owned();
    state.mails.lock().unwrap().push(Mail { message_id, to: to.to_owned(), text });
    match fault {
        "drop-after" => return Ok(None),
        "stall" => tokio::time::sleep(Duration::from_secs(600)).await,
        "slow" => tokio::time::sleep(Duration::from_millis(30)).await,
        "weary" => tokio::time::sleep(Duration::from_millis(15)).await,
        _ => {}
    }
    Ok(Some("250 2.0.0 taken\r\n".into()))
}

async fn say(stream: &mut (impl AsyncWrite + Unpin), text: &str) -> std::io::Result<()> {
    stream.write_all(text.as_bytes()).await?;
    stream.flush().await
}

/// An acceptor with the certificate of `localhost` in `tests/it/support/tls/`.
pub fn acceptor() -> TlsAcceptor {
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let certificate = CertificateDer::from_pem_slice(include_bytes!("tls/localhost.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/localhost.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// The authority that signed it, for `ca_file`.
pub fn authority() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/tls/authority.pem")
}
