from django.urls import path

from accounts import views

app_name = "accounts"

urlpatterns = [path("taal/", views.language, name="language")]
