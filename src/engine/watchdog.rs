//! tmp
use super::Engine;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
pub(super) async fn watch(_engine: Arc<Engine>, stop: CancellationToken) {
    stop.cancelled().await
}
