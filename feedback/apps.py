from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "feedback"

    def ready(self) -> None:
        from feedback import checks  # noqa: F401  (registers them)
        from project import production  # noqa: F401
