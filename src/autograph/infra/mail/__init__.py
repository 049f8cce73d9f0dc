"""Mails to people: by SMTP where a server is named, otherwise into a folder."""
