//! Signatures as the settings describe them, and what is wrong with settings of webhooks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tend::outbox::channel::{Channel, Fate};

use super::vendors::{SECRET, sha, sign, text};
use crate::support::http::HttpServer;

#[tokio::test]
async fn a_signature_as_the_settings_describe_it() {
    let server = HttpServer::start().await;
    let toml = format!(
        "kind = \"webhook\"\nurl = {:?}\nallow_private_addresses = true\nbody = \"query\"\nmethod = \"GET\"\n\
         [sign]\nby = \"hmac\"\nsecret = \"{SECRET}\"\nkey_id = \"k1\"\nalgorithm = \"sha256\"\nencoding = \"base64\"\n\
         key = \"{{{{ timestamp }}}}{{{{ secret }}}}\"\nmessage = \"{{{{ method }}}} {{{{ path }}}}?{{{{ query }}}} {{{{ body_sha256 }}}}\"\n\
         [sign.headers]\nX-Sign = \"{{{{ key_id }}}}:{{{{ signature }}}}\"\nX-Time = \"{{{{ timestamp }}}}\"\n",
        server.url()
    );
    let channel = Channel::new("any", &toml::from_str(&toml).unwrap()).unwrap();
    assert_eq!(channel.deliver(&text(1)).await.unwrap().fate, Fate::Accepted);
    let call = &server.calls()[0];
    assert_eq!((call.method.as_str(), call.body.as_str()), ("GET", ""));
    let key = format!("{}{SECRET}", call.headers["x-time"]);
    let expected = STANDARD.encode(sign(key.as_bytes(), &format!("GET {} {}", call.path, sha(""))));
    assert_eq!(call.headers["x-sign"], format!("k1:{expected}"));
    let wrong = |change: &str, instead: &str| {
        let error = Channel::new("any", &toml::from_str(&toml.replace(change, instead)).unwrap());
        format!("{:#}", error.err().unwrap())
    };
    for (change, instead, said) in [
        ("{{ key_id }}:", "{{ key }}:", "channels.any.sign.headers.X-Sign"),
        ("key_id = \"k1\"\n", "key_id = \"k1\"\naction = \"x\"\n", "channels.any.sign.action: has no effect"),
        ("\"GET\"", "\"DELETE\"", "channels.any.method: must be POST or PUT"),
        ("body = \"query\"", "body = \"json\"", "GET carries no body"),
        ("body = \"query\"", "body = \"query\"\nbatch = 5", "channels.any.batch: no field is a list"),
        ("body = \"query\"", "body = \"query\"\nnumbers = \"national\"", "channels.any.country_code: is missing"),
        ("body = \"query\"", "body = \"query\"\ncodes = { retry = [\"1\"] }", "nothing says where the code stands"),
        ("body = \"query\"", "body = \"query\"\nfields = { a = \"{{ nobody }}\" }", "channels.any.fields.a"),
        ("body = \"query\"", "body = \"query\"\nfields = { a = [\"x {{ nobody }}\"] }", "channels.any.fields.a.0"),
    ] {
        let found = wrong(change, instead);
        assert!(found.contains(said), "{instead}: {found}");
    }
}
