use std::io::Write;
use std::sync::Mutex;

use super::*;

#[tokio::test]
async fn refusing_side_logs_why_and_names_an_unknown_key() {
    let log = Log::default();
    let _guard = log.capture();
    let (stranger, expired, later, renamed) = (keys_of(LOW), keys_of(LOW), keys_of(MIDDLE), keys_of(HIGH));
    let rows = [
        Partner { agreement_until: UnixMillis(NOW.0 - 1), ..partner(&expired) },
        Partner { agreement_from: NOW.plus(1), ..partner(&later) },
        Partner { organisation: number("971032146"), ..partner(&renamed) },
    ];
    let node = Node::start(keys_of("964982031"), rows);

    for (keys, expected) in [
        (&stranger, format!("no partner has the key {}", stranger.fingerprint())),
        (&expired, format!("the agreement with {LOW} ended")),
        (&later, format!("the agreement with {MIDDLE} begins")),
        (&renamed, format!("belongs to 971032146, but the certificate names {HIGH}")),
    ] {
        let raw = Raw::start(keys, partner(&node.keys));
        let refused = raw.connect(&node).await;
        if let Ok(connection) = refused {
            connection.closed().await;
        }
        assert!(log.holds(&expected), "{expected}: {}", log.text());
    }
    let alpn = Some(vec![b"h3".to_vec()]);
    let other = handshake::RawTls { keys: Some(&stranger), alpn, ..Default::default() };
    assert!(handshake::dial_raw(&node, other).await.is_err());
    assert!(log.holds("it speaks another protocol than ours"), "{}", log.text());
    let nobody = handshake::RawTls::default();
    assert!(handshake::dial_raw(&node, nobody).await.is_err());
    assert!(log.holds("it presented no certificate"), "{}", log.text());
    assert!(!log.text().contains("Prøve kommune"));
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Everything on this thread; a test's runtime has only this one.
    fn capture(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::WARN)
            .with_writer(move || log.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("sound").clone()).expect("text")
    }

    fn holds(&self, part: &str) -> bool {
        self.text().contains(part)
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("sound").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
