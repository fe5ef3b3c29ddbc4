import django.contrib.admin.apps
from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "operations"


class StaffSiteConfig(django.contrib.admin.apps.AdminConfig):
    default = False  # it is Django's admin, not this app
    default_site = "operations.login.StaffSite"
