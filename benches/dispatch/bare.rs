//! What the dispatcher is measured against: lettre connections with nodelay, mails of 4 kB built in the loop, no table.

use lettre::Message;
use lettre::message::MultiPart;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;
use tokio::net::TcpStream;

pub async fn send(port: u16, connections: usize, messages: usize) {
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..connections {
        let share = messages / connections + usize::from(number < messages % connections);
        tasks.spawn(async move {
            let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the sink");
            stream.set_nodelay(true).expect("nodelay");
            let hello = ClientId::Domain("bench".into());
            let mut connection =
                AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello).await.expect("the sink");
            let html =
                format!("<html><body>{}</body></html>", "<p>A paragraph of a mail for a birthday.</p>\n".repeat(75));
            for at in 0..share {
                let mail = Message::builder()
                    .from("Shop <care@shop.example>".parse().expect("an address"))
                    .to(format!("Customer <c{at}@example.com>").parse().expect("an address"))
                    .subject("Happy birthday")
                    .multipart(MultiPart::alternative_plain_html("A mail for a birthday.".to_owned(), html.clone()))
                    .expect("a mail");
                connection.send(mail.envelope(), &mail.formatted()).await.expect("taken");
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("no panic");
    }
}
