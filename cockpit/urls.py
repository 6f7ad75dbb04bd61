from django.urls import path

from cockpit.views import front, region, style

app_name = "cockpit"

urlpatterns = [
    path("", front.home, name="home"),
    path("over/", front.about, name="about"),
    path("toegankelijkheid/", front.accessibility, name="accessibility"),
    path("vandaag/", front.today, name="today"),
    path("regio/", region.region, name="region"),
    path("stijl/", style.style, name="style"),
    path("regio/gemeenten/", region.places, name="places"),
]
