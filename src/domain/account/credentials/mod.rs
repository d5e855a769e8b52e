mod attempt;
mod change_password;
mod chosen_password;
mod confirm;
mod confirmation;

pub use self::attempt::{AttemptError, refuse_nobody};
pub use self::change_password::{ChangePassword, ChangePasswordError, PasswordChange};
pub use self::chosen_password::ChosenPassword;
pub use self::confirm::{Confirm, ConfirmError};
pub use self::confirmation::{AT_A_PROVIDER, Confirmation, NotConfirmed, is_recent};
