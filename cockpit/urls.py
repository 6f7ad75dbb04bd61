from django.urls import path

from cockpit import views

app_name = "cockpit"

urlpatterns = [
    path("", views.home, name="home"),
    path("over/", views.about, name="about"),
    path("vandaag/", views.today, name="today"),
    path("regio/", views.region, name="region"),
]
