//! Removes one scope from an app.

use crate::domain::account::access;
use crate::domain::account::authorization::{self, Consent, MAX_CONSENTS};
use crate::domain::account::connections;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::rows::{self, InRow, Rows};
use crate::domain::event::Event;
use crate::domain::machine::Change;
use crate::domain::time::Timestamp;
use crate::protocol::scope::{self, Scope};

impl Person {
    /// Removes a scope. The app keeps the others; its grants are told, and their next tokens have fewer scopes.
    pub fn revoke_scope(
        mut self,
        client_id: &str,
        scope: &str,
        rows: &Rows,
        now: Timestamp,
    ) -> Change<Account> {
        let key = authorization::key_of(client_id);
        let account = self.account.clone();
        let mut gone = Vec::new();
        let is_granted = access::all(rows)
            .filter(|held| held.grant.client_id == client_id)
            .any(|held| held.grant.granted().contains(scope));
        let consent = match rows::get::<Consent>(rows, &key) {
            Some(consent) if is_granted || consent.scope().contains(scope) => Some(consent.clone()),
            // A form can contain any text. A scope that the app doesn't have is neither stored nor sent to grants.
            _ if !is_granted => None,
            // The operator's own app needs no consent, but a scope that the user removes is stored for it too.
            _ => {
                let (old, left) = rows::make_room::<Consent>(rows, MAX_CONSENTS, now);
                gone = old;
                self.count(|counts| {
                    counts.consents = left.unwrap_or(counts.consents).saturating_add(1);
                });
                Some(Consent { since: now, ..Consent::default() })
            }
        };
        let provider = scope.strip_prefix(scope::CONNECTION);
        let mut change = connections::end(self.remembered(), &account, rows, |id| {
            id.client_id() == Some(client_id) && Some(id.provider()) == provider
        });
        if let Some(consent) = consent {
            let event = Event::consent_withdrawn(&account, client_id);
            let event = event.scope(&Scope::parse(scope).unwrap_or_default());
            change = change.put(key, consent.without(scope).into_row()).records(Some(event));
        }
        change = gone.into_iter().fold(change, Change::delete);
        let grants = access::all(rows)
            .filter(|held| held.grant.client_id == client_id)
            .filter(|held| held.grant.granted().contains(scope));
        grants.fold(change, |change, held| {
            let narrower = held.grant.clone().without_scope(scope);
            held.replace(change, Some(narrower)).wants(held.narrow(scope, now))
        })
    }
}
