"""What can be wrong with an installation. Each check says what it found and what to do."""

from operations.doctor import mail, stores
from operations.doctor.finding import Check

CHECKS: dict[str, Check] = {
    "settings": stores.check_settings,
    "database": stores.check_database,
    "redis": stores.check_redis,
    "clock": stores.check_clock,
    "worker": stores.check_worker,
    "mail server": mail.check_mail_server,
    "sender": mail.check_sender,
}
