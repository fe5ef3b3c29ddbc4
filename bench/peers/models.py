from django.db import models


class Note(models.Model):
    """The one row of the floors."""

    email = models.EmailField()
    message = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.email
