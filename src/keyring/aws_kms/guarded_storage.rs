//! A storage of the caller's for branch keys, whose calls are guarded as those of DynamoDB are.

use std::sync::Arc;

use super::super::ServiceStats;
use super::super::guard::{Call, CallLog, Guard, GuardOptions, Service};
use super::KmsOptions;
use crate::branch_keys::{Answer, Item, Put, Storage};

/// A storage with a deadline, a limit of calls in flight and a circuit breaker; nothing is tried twice.
pub(super) struct GuardedStorage {
    storage: Arc<dyn Storage>,
    guard: Guard,
}

impl GuardedStorage {
    pub(super) fn new(storage: Arc<dyn Storage>, options: &KmsOptions) -> Self {
        let &KmsOptions { timeout, flight, breaker, .. } = options;
        Self { storage, guard: Guard::new(GuardOptions { timeout, flight, breaker }) }
    }

    /// What the storage was asked.
    pub(super) fn stats(&self) -> ServiceStats {
        self.guard.stats()
    }

    fn run<'a, T: Send + 'a>(
        &'a self,
        operation: &'static str,
        answer: Answer<'a, T>,
    ) -> Answer<'a, T> {
        Box::pin(async move {
            let service = Service::KeyStore;
            let log = CallLog::new(Call { service, operation, key_id: None, region: None });
            let counted = async {
                log.add_attempt();
                answer.await
            };
            self.guard.run(&log, counted).await
        })
    }
}

impl Storage for GuardedStorage {
    fn get<'a>(
        &'a self,
        branch_key_id: &'a str,
        kind: &'a str,
        consistently: bool,
    ) -> Answer<'a, Option<Item>> {
        self.run("storage.get", self.storage.get(branch_key_id, kind, consistently))
    }

    fn write<'a>(&'a self, puts: &'a [Put]) -> Answer<'a, bool> {
        self.run("storage.write", self.storage.write(puts))
    }

    fn items<'a>(&'a self, branch_key_id: &'a str) -> Answer<'a, Vec<Item>> {
        self.run("storage.items", self.storage.items(branch_key_id))
    }

    fn delete<'a>(&'a self, branch_key_id: &'a str, kinds: &'a [String]) -> Answer<'a, ()> {
        self.run("storage.delete", self.storage.delete(branch_key_id, kinds))
    }

    fn list(&self) -> Answer<'_, Vec<String>> {
        self.run("storage.list", self.storage.list())
    }

    fn create_table(&self) -> Answer<'_, ()> {
        self.run("storage.createTable", self.storage.create_table())
    }
}
