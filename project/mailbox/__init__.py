"""The local mailbox: takes every email over SMTP, keeps it as a file and shows it at /mailbox/."""
