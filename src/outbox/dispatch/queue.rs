//! A bounded queue with many takers, which tokio does not have.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Semaphore;

/// First in, first out.
#[derive(Debug)]
pub struct Queue<T> {
    items: Mutex<VecDeque<T>>,
    filled: Semaphore,
    free: Semaphore,
}

impl<T> Queue<T> {
    /// Room for so many.
    pub fn new(room: usize) -> Self {
        Self { items: Mutex::default(), filled: Semaphore::new(0), free: Semaphore::new(room) }
    }

    /// Waits for room. Gives the item back when the queue is closed.
    pub async fn push(&self, item: T) -> Result<(), T> {
        match self.free.acquire().await {
            Ok(permit) => permit.forget(),
            Err(_) => return Err(item),
        }
        self.items.lock().unwrap_or_else(PoisonError::into_inner).push_back(item);
        self.filled.add_permits(1);
        Ok(())
    }

    /// Waits for an item; none when the queue is closed and empty.
    pub async fn pop(&self) -> Option<T> {
        if let Ok(permit) = self.filled.acquire().await {
            permit.forget();
        }
        self.take()
    }

    /// An item, if one is there.
    pub fn try_pop(&self) -> Option<T> {
        match self.filled.try_acquire() {
            Ok(permit) => permit.forget(),
            Err(tokio::sync::TryAcquireError::NoPermits) => return None,
            Err(tokio::sync::TryAcquireError::Closed) => {}
        }
        self.take()
    }

    /// Nothing more comes; what is there can still be taken.
    pub fn close(&self) {
        self.filled.close();
    }

    fn take(&self) -> Option<T> {
        let item = self.items.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        if item.is_some() {
            self.free.add_permits(1);
        }
        item
    }
}
